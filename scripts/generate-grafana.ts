import { writeFileSync } from 'node:fs'
import { buildOperationsBoard, printBoard } from '../dashboards/grafana/index.ts'

writeFileSync('dashboards/grafana/larder-operations.json', printBoard(buildOperationsBoard()))
