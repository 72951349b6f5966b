/**
 * Takes the panel catalogue; gives the Grafana board made from it and a lint of its own. Promises that the committed
 * JSON is what `npm run generate` writes. Checked by that lint; not loaded in a Grafana server.
 */
export { buildOperationsBoard, printBoard } from './operations-board.ts'
