import { LarderError } from '../../domain/index.ts'
import type { CityCommand, CommandResult, Line } from './city-event.ts'
import type { Wanted } from './city-state.ts'
import type { CityContext } from './city-context.ts'
import { ring } from './people.ts'
import { sendLoad, unload } from './replenishment.ts'
import { changeShelf } from './shelves.ts'

/** What people do on Larder's word. Takes no more than is there; an unknown load moves nothing. */
export function applyCommand(
  context: CityContext,
  command: CityCommand,
  at: number,
): CommandResult {
  const { plan, state } = context
  switch (command.type) {
    case 'dispatch': {
      const known = state.loads[command.load]
      if (known) return { lines: outward(known.lines), arrivesAt: known.arrivesAt }
      const [from, to] = [placeOf(command.from), placeOf(command.to)]
      const lines = takeOff(from, command.lines, false)
      const load = sendLoad(context, command.load, from, to, lines, at, false)
      return { lines: outward(lines), arrivesAt: load.arrivesAt }
    }
    case 'receive':
    case 'return': {
      const load = state.loads[command.load]
      if (!load) return { lines: [], arrivesAt: null }
      unload(context, command.load, load, command.type === 'receive' ? load.to : load.from, at)
      return { lines: outward(load.lines), arrivesAt: load.arrivesAt }
    }
    case 'collect': {
      const site = placeOf(command.site)
      const lines = takeOff(site, command.lines, true)
      for (const [, units] of lines) state.totals.inHands += units
      if (lines.length > 0) ring(context, site, lines, at)
      return { lines: outward(lines), arrivesAt: null }
    }
  }

  function placeOf(site: string): number {
    const place = plan.sites.findIndex((one) => one.site.id === site)
    if (place < 0) throw new LarderError('RT_NOT_FOUND', `The city has no site ${site}.`)
    return place
  }

  function takeOff(site: number, lines: readonly Line[], isPick: boolean): readonly Wanted[] {
    return lines.flatMap((line): readonly Wanted[] => {
      const product = plan.entries.findIndex((one) => one.product.id === line.product)
      const units = Math.min(line.units, state.sites[site]!.units[product] ?? 0)
      if (units <= 0) return []
      changeShelf(context, site, product, -units, at, isPick)
      return [[product, units]]
    })
  }

  function outward(lines: readonly Wanted[]): readonly Line[] {
    return lines.map(([product, units]) => ({ product: plan.entries[product]!.product.id, units }))
  }
}
