import { loadSettings, type Settings } from '../../config/index.ts'
import { LarderError } from '../../domain/index.ts'

export interface StageOptions {
  readonly data?: string
  readonly http?: string
  readonly config?: string
}

export type Engine = 'messageLog' | 'series' | 'operations'

/**
 * What a stage that runs apart is set to. Without its own word for it nothing is simulated: what approves its own transfers and
 * reads without a key is for a demonstration.
 */
export function loadStageSettings(
  options: StageOptions,
  flags: Readonly<Record<string, string | undefined>> = {},
): Settings {
  return loadSettings({
    flags: { data: options.data, 'http.port': options.http, ...flags },
    env: process.env,
    file: options.config ?? null,
    defaults: { 'city.sim': 'none' },
  })
}

const engineWords: Readonly<Record<Engine, { readonly embedded: string; readonly set: string }>> = {
  messageLog: {
    embedded: 'the message log is a SQLite file',
    set: 'messageLog.brokers (LARDER_MESSAGE_LOG_BROKERS=host:9092)',
  },
  series: {
    embedded: 'the series store is a SQLite file',
    set: 'series.url (LARDER_SERIES_URL=http://host:8086)',
  },
  operations: {
    embedded: 'the operations store is a SQLite file',
    set: 'operations.url (LARDER_OPERATIONS_URL=postgres://user@host:5432/larder)',
  },
}

/** A file has one process: a stage that shares an engine with others cannot have it in one. */
export function needServers(stage: string, settings: Settings, needs: readonly Engine[]): void {
  const isSet: Readonly<Record<Engine, boolean>> = {
    messageLog: settings.messageLog.brokers !== '',
    series: settings.series.url !== '',
    operations: settings.operations.url !== '',
  }
  const missing = needs.filter((engine) => !isSet[engine]).map((engine) => engineWords[engine])
  if (missing.length === 0) return
  throw new LarderError(
    'RT_REQUEST_INVALID',
    `"larder ${stage}" runs beside the other stages, and ${missing.map(({ embedded }) => embedded).join(', ')}, which only one process can use. Set ${missing.map(({ set }) => set).join(', ')}; or run all stages in one process with "larder up"${stage === 'gateway' ? ', or a gateway of a store with --uplink mqtts://HOST:8883' : ''}.`,
  )
}
