import type { Chosen } from '../data/chosen.ts'
import type { BoardState } from '../data/board-store.ts'
import { productName, siteName } from '../parts/context.ts'

export function FanPicker(props: {
  readonly state: BoardState
  readonly pairs: ReadonlyMap<string, readonly string[]>
  readonly chosen: Chosen | null
  readonly onChoose: (chosen: Chosen) => void
}) {
  const { state, pairs, chosen } = props
  const sites = [...pairs.keys()].sort()
  const products = pairs.get(chosen?.site ?? '') ?? []
  return (
    <div class="pickers">
      <label>
        Store
        <select
          value={chosen?.site ?? ''}
          onChange={(event) => {
            const site = event.currentTarget.value
            const offered = pairs.get(site) ?? []
            const product = offered.includes(chosen?.product ?? '') ? chosen?.product : offered[0]
            if (product !== undefined) props.onChoose({ site, product })
          }}
        >
          {sites.map((site) => (
            <option key={site} value={site}>
              {siteName(state, site)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Product
        <select
          value={chosen?.product ?? ''}
          onChange={(event) => {
            if (chosen !== null) {
              props.onChoose({ site: chosen.site, product: event.currentTarget.value })
            }
          }}
        >
          {products.map((product) => (
            <option key={product} value={product}>
              {productName(state, product)}
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}
