/**
 * The city: takes a seed and a size, gives what happens in it (shelves, tills, doors, cold rooms, trucks) step by step, its own
 * hourly past, and its master data. Promises the same events for the same seed however its steps are cut, and that no unit is
 * made or lost. Knows nothing of MQTT or HTTP.
 */
export * from './city-event.ts'
export * from './city.ts'
export { citySizes, type CitySize } from './plan-of-city.ts'
export { approach } from './cold-room.ts'
export { chanceOf, fromQuantiles, normal, uniform } from './chance.ts'
