import type { Distribution, Forecast } from '../../domain/index.ts'
import { invalid } from './errors.ts'
import { upsertInChunks } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'

type Body = Omit<Forecast, 'total' | 'hours'> & { readonly levels: readonly number[] }

/** A forecast of 12 hours is 13 distributions over the same levels: kept as numbers, a third of their JSON. */
function toRow(forecast: Forecast): Tables['forecasts'] {
  const { total, hours, ...rest } = forecast
  const levels = total.quantiles.map(({ p }) => p)
  const distributions = [total, ...hours]
  const isEven = distributions.every(
    ({ quantiles }) =>
      quantiles.length === levels.length && quantiles.every(({ p }, index) => p === levels[index]),
  )
  if (!isEven) throw invalid(`The forecast "${forecast.id}" has hours of other quantile levels.`)
  const numbers = Float64Array.from(
    distributions.flatMap(({ mean, quantiles }) => [mean, ...quantiles.map(({ value }) => value)]),
  )
  const { id, target, site, product, device, origin } = forecast
  return {
    ...{ id, target, site, product, device, origin },
    series: `${target}.${site}.${product ?? device ?? 'all'}`,
    body: JSON.stringify({ ...rest, levels } satisfies Body),
    numbers: Buffer.from(numbers.buffer),
  }
}

export function forecastFromRow(row: Pick<Tables['forecasts'], 'body' | 'numbers'>): Forecast {
  const { levels, ...rest } = JSON.parse(row.body) as Body
  const numbers = new Float64Array(new Uint8Array(row.numbers).buffer)
  const width = levels.length + 1
  const distributions = Array.from({ length: numbers.length / width }, (_, index): Distribution => {
    const at = index * width
    return {
      mean: numbers[at]!,
      quantiles: levels.map((p, level) => ({ p, value: numbers[at + 1 + level]! })),
    }
  })
  const [total, ...hours] = distributions
  // Forecasts of before version 7 say no reason.
  const reason = (rest as Partial<Body>).reason ?? ''
  return { ...rest, reason, total: total!, hours }
}

export async function saveForecasts(
  session: Session,
  forecasts: readonly Forecast[],
): Promise<void> {
  const rows = [...new Map(forecasts.map((one) => [one.id, toRow(one)])).values()]
  await upsertInChunks(session.db, 'forecasts', ['id'], rows)
  for (const { series, id, origin } of rows) {
    await session.db
      .insertInto('forecastHeads')
      .values({ series, forecast: id, origin })
      .onConflict((conflict) =>
        conflict
          .column('series')
          .doUpdateSet({ forecast: id, origin })
          .where('forecastHeads.origin', '<=', origin),
      )
      .execute()
  }
  for (const { id, issuedAt } of forecasts) session.touch('forecasts', id, issuedAt)
}
