/** Of each row of the recording its city, store and product. */
export interface Keys {
  readonly city: Int32Array
  readonly store: Int32Array
  readonly product: Int32Array
}

export interface ChosenRow {
  readonly row: number
  readonly store: number
  readonly product: number
}

interface StoreSeen {
  readonly city: number
  readonly store: number
  readonly products: Set<number>
}

/** The rows of the stores of one city with the most products, and of the products that most of these have; in the file's order. */
export function chooseRows(
  keys: Keys,
  most: { readonly stores: number; readonly products: number },
): readonly ChosenRow[] {
  const chosen = chooseStores(keys, most.stores)
  const stores = new Set(chosen.map(({ store }) => store))
  const products = chooseProducts(chosen, most.products)
  const rows: ChosenRow[] = []
  for (const [row, store] of keys.store.entries()) {
    const product = keys.product[row]!
    if (stores.has(store) && products.has(product)) rows.push({ row, store, product })
  }
  return rows
}

function chooseStores(keys: Keys, most: number): readonly StoreSeen[] {
  const stores = new Map<number, StoreSeen>()
  for (const [row, store] of keys.store.entries()) {
    const known = stores.get(store) ?? { city: keys.city[row]!, store, products: new Set() }
    stores.set(store, known)
    known.products.add(keys.product[row]!)
  }
  const cities = new Map<number, StoreSeen[]>()
  for (const store of stores.values())
    cities.set(store.city, [...(cities.get(store.city) ?? []), store])
  const best = [...cities.values()]
    .map((all) => [...all].sort((a, b) => b.products.size - a.products.size || a.store - b.store))
    .map((all) => all.slice(0, most))
    .sort((a, b) => breadth(b) - breadth(a))
  return best[0] ?? []
}

function breadth(stores: readonly StoreSeen[]): number {
  return stores.reduce((sum, { products }) => sum + products.size, 0)
}

function chooseProducts(stores: readonly StoreSeen[], most: number): ReadonlySet<number> {
  const count = new Map<number, number>()
  for (const { products } of stores)
    for (const product of products) count.set(product, (count.get(product) ?? 0) + 1)
  const sorted = [...count].sort((a, b) => b[1] - a[1] || a[0] - b[0])
  return new Set(sorted.slice(0, most).map(([product]) => product))
}
