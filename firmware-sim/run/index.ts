/**
 * The city live: takes a world and the addresses of a Larder, gives a running simulation that was made known once and a restart goes on
 * with. Promises that the same message is never sent under another number, even after a kill.
 */
export * from './simulation.ts'
export * from './stepper.ts'
export { checkCity } from './world-file.ts'
export * from './start-city.ts'
