import {
  restrictedGtin,
  type Product,
  type TempClass,
  type ThermalModel,
} from '../../domain/index.ts'
import { productTable } from './product-table.ts'

/** Hours at which a product is wanted: names of the profiles in profiles.ts. */
export type Habit = 'morning' | 'lunch' | 'dinner' | 'evening' | 'allDay'

export interface CatalogueEntry {
  readonly product: Product & { readonly gtin: string }
  readonly habit: Habit
  /** Relative share of baskets. */
  readonly popularity: number
  /** Change of demand per degree above 20 C. */
  readonly perDegree: number
  /** Change of demand in full rain. */
  readonly inRain: number
  /** Weekend demand over weekday demand, besides the site's own. */
  readonly weekend: number
  readonly unitGrams: number
  readonly casePack: number
}

/** Water-like food; frozen food below its melting point conducts better and stores less. */
const fluid = { k: 0.55, rho: 1030, cp: 3900 } as const
const frozen = { k: 1.4, rho: 800, cp: 2000 } as const

function thermalModel(text: string): ThermalModel | null {
  if (text === '') return null
  const [form, ...numbers] = text.split(' ')
  const usual = form === 'f' ? frozen : fluid
  const [thicknessMm, massKg, areaM2, k = usual.k, rho = usual.rho, cp = usual.cp] =
    numbers.map(Number)
  return {
    model: 'slab',
    thicknessMm: thicknessMm!,
    conductivityWmK: k,
    densityKgM3: rho,
    heatCapacityJkgK: cp,
    filmWm2K: 8,
    massKg: massKg!,
    areaM2: areaM2!,
  }
}

/** Part of its price that a unit left over in the evening loses: fresh goods soonest. */
const overageShare = { chilled: 0.12, frozen: 0.02, ambient: 0.015 } as const
const stored = { chilled: 4, frozen: -21 } as const
const limit = { chilled: 8, frozen: -15 } as const

function entry(line: string): CatalogueEntry {
  const cells = line.split('|').map((cell) => cell.trim())
  const [id = '', name = '', category = '', kind, ...rest] = cells
  const [price, grams, share, habit, perDegree, inRain, weekend, thermalText = ''] = rest
  const tempClass = kind as TempClass
  const [priceMinor, unitGrams] = [Number(price), Number(grams)]
  const thermal = thermalModel(thermalText)
  return {
    product: {
      id,
      name,
      gtin: restrictedGtin(id),
      category,
      tempClass,
      priceMinor,
      // The margin of the unit and a part of the basket that leaves with it.
      shortageCost: Math.round(priceMinor * 0.32 + 150),
      overageCost: Math.max(2, Math.round(priceMinor * overageShare[tempClass])),
      pickMinutes: tempClass === 'ambient' ? 0.7 : 0.9,
      ...(tempClass === 'ambient'
        ? {}
        : { storedCelsius: stored[tempClass], limitCelsius: limit[tempClass] }),
      ...(thermal ? { thermal } : {}),
    },
    habit: habit as Habit,
    popularity: Number(share),
    perDegree: Number(perDegree),
    inRain: Number(inRain),
    weekend: Number(weekend),
    unitGrams,
    casePack: priceMinor > 3000 ? 4 : 6,
  }
}

/** The first `count` products; every temperature class is among the first three. */
export function catalogue(count: number): readonly CatalogueEntry[] {
  return productTable.trim().split('\n').slice(0, count).map(entry)
}
