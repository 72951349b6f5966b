import type { Lane, Planogram, Product, Site, StaffShift } from '../../domain/index.ts'

/** The smallest city: a warehouse, a store, a product, and how they belong together. */
export const s1: Site = { id: 's1', name: 'Store 1', kind: 'store', timeZone: 'Asia/Shanghai' }
export const w1: Site = { id: 'w1', name: 'House 1', kind: 'warehouse', timeZone: 'Asia/Shanghai' }
export const milk: Product = {
  id: 'milk',
  name: 'Milk 1 l',
  tempClass: 'chilled',
  shortageCost: 10,
  overageCost: 1,
  pickMinutes: 1,
}
export const planogram: Planogram = {
  id: 's1.shelf-001',
  site: 's1',
  product: 'milk',
  device: 'shelf-001',
  capacityUnits: 20,
}
export const lane: Lane = {
  id: 'w1-s1',
  from: 'w1',
  to: 's1',
  minutesP50: 40,
  minutesP90: 70,
  unitCost: 0.5,
  tripCost: 15,
  capacityUnits: 200,
  tempClasses: ['chilled', 'ambient'],
}
export const shift: StaffShift = {
  id: 's1.day',
  site: 's1',
  start: '08:00',
  end: '22:00',
  people: 3,
}
