/**
 * Real recordings as a world of their own: takes a folder with FreshRetailNet (and, where they are there, pedestrian counters and
 * fridge logs), shifted by whole weeks onto the city's date, gives the same events as the simulated city. Promises that sales stay as
 * recorded; what transfers move lies on top until the next morning.
 */
export * from './recordings.ts'
