import type { Dataquery, Builder } from '@grafana/grafana-foundation-sdk/cog'

/** Not welded in: the variables `ds_influx` and `ds_pg` choose the data source when the board is opened. */
export const influx = { type: 'influxdb', uid: '${ds_influx}' } as const
export const postgres = { type: 'grafana-postgresql-datasource', uid: '${ds_pg}' } as const
export const mixed = { type: 'datasource', uid: '-- Mixed --' } as const

/** The SDK has no package for either source: these are its `Dataquery` by hand, with what the backends read. */
class Target implements Builder<Dataquery> {
  readonly #query: Readonly<Record<string, unknown>>

  constructor(query: Readonly<Record<string, unknown>>) {
    this.#query = query
  }

  build(): Dataquery {
    return { ...this.#query, _implementsDataqueryVariant: () => undefined }
  }
}

export function fluxTarget(refId: string, query: string): Builder<Dataquery> {
  return new Target({ refId, datasource: influx, query })
}

export function sqlTarget(
  refId: string,
  rawSql: string,
  format: 'table' | 'time_series',
): Builder<Dataquery> {
  return new Target({
    refId,
    datasource: postgres,
    rawSql,
    rawQuery: true,
    editorMode: 'code',
    format,
  })
}
