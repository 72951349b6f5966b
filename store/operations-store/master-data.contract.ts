import { expect, it } from 'vitest'
import { restrictedGtin } from '../../domain/index.ts'
import type { OperationsStore } from './operations-store.ts'
import { product, site, start } from './samples.contract.ts'

const invalid = { code: 'RT_REQUEST_INVALID' }

export function masterDataContract(open: () => OperationsStore) {
  it('master data is created, replaced, and read back whole', async () => {
    const store = open()
    expect(await store.putMasterData('sites', [site('s1'), site('s2')], 1)).toEqual([
      ...['created', 'created'],
    ])
    const renamed = { ...site('s1'), name: 'First', latitude: 31.2, slotMinutes: 10 }
    expect(await store.putMasterData('sites', [renamed, site('s3')], 2)).toEqual([
      ...['replaced', 'created'],
    ])
    expect(await store.get('sites', 's1')).toEqual(renamed)
    expect(await store.get('sites', 'none')).toBeNull()
    expect((await store.all('sites')).map(({ id }) => id)).toEqual(['s1', 's2', 's3'])
  })

  it('putting the same again leaves no change', async () => {
    const store = open()
    await store.putMasterData('sites', [site('s1')], 1)
    await store.putMasterData('sites', [site('s1')], 2)
    expect((await store.changes(0, 9)).changes).toEqual([
      { number: 1, resource: 'sites', id: 's1', state: 'updated', at: 1 },
    ])
  })

  it('a product keeps its GTIN as 14 digits, and gets a restricted one where it has none', async () => {
    const store = open()
    await store.putMasterData('products', [{ ...product('milk'), gtin: '4006381333931' }], start)
    await store.putMasterData('products', [product('tea')], start)
    expect(await store.get('products', 'milk')).toMatchObject({ gtin: '04006381333931' })
    expect(await store.get('products', 'tea')).toMatchObject({ gtin: restrictedGtin('tea') })
  })

  it('a wrong check digit, or the GTIN of another product, is refused', async () => {
    const store = open()
    const milk = { ...product('milk'), gtin: '4006381333931' }
    await store.putMasterData('products', [milk], start)
    await expect(
      store.putMasterData('products', [{ ...product('tea'), gtin: '4006381333932' }], start),
    ).rejects.toMatchObject(invalid)
    await expect(
      store.putMasterData('products', [product('ice'), { ...milk, id: 'tea' }], start),
    ).rejects.toMatchObject(invalid)
    expect(await store.all('products')).toHaveLength(1)
  })

  it('a time zone that is none, and a reference to an unknown site or product, are refused whole', async () => {
    const store = open()
    await expect(
      store.putMasterData('sites', [{ ...site('s1'), timeZone: 'Mars/Base' }], start),
    ).rejects.toMatchObject(invalid)
    await store.putMasterData('sites', [site('s1')], start)
    await store.putMasterData('products', [product('p1')], start)
    const planogram = { id: 'g1', site: 's1', product: 'p1' }
    const lane = {
      ...{ id: 'l1', from: 's1', to: 's9', minutesP50: 20, minutesP90: 40, unitCost: 1 },
      ...{ tripCost: 5, capacityUnits: 9, tempClasses: ['chilled' as const] },
    }
    const shift = { id: 'w1', site: 's9', start: '09:00', end: '17:00', people: 2 }
    const refused = [
      () =>
        store.putMasterData('planograms', [planogram, { ...planogram, id: 'g2', site: 's9' }], 1),
      () => store.putMasterData('planograms', [{ ...planogram, product: 'p9' }], 1),
      () => store.putMasterData('lanes', [lane], 1),
      () => store.putMasterData('staff', [shift], 1),
    ]
    for (const put of refused) await expect(put()).rejects.toMatchObject(invalid)
    expect(await store.all('planograms')).toEqual([])
    await store.putMasterData('planograms', [planogram], start)
    expect(await store.get('planograms', 'g1')).toEqual(planogram)
  })

  it('one id may stand in several kinds', async () => {
    const store = open()
    await store.putMasterData('sites', [site('x')], start)
    await store.putMasterData('products', [product('x')], start)
    expect(await store.get('sites', 'x')).toEqual(site('x'))
    expect(await store.get('products', 'x')).toMatchObject(product('x'))
  })
}
