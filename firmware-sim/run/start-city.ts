import { readFileSync } from 'node:fs'
import { createRandom, type Stage } from '../../runtime/index.ts'
import { citySizes, createCity } from '../city/index.ts'
import { createApiClient } from '../client/index.ts'
import { openRecordings } from '../replay/index.ts'
import { startSimulation, type SimulationDeps } from './simulation.ts'

/** What of a simulation is the same wherever it runs. */
export type RunCityOptions = Pick<
  SimulationDeps,
  'runId' | 'wall' | 'logger' | 'signal' | 'onProgress' | 'onState' | 'folder' | 'seed'
> & {
  readonly size: keyof typeof citySizes
  /** `http://127.0.0.1:8080` */
  readonly apiUrl: string
  readonly keyFile: string
  /** `mqtt://127.0.0.1:1883` */
  readonly mqttUrl: string
  readonly historyDays: number
  /** Folder of recordings; null: a city made up. */
  readonly replay: string | null
}

/** The simulated city, or a replay, beside a Larder that is reached over HTTP and MQTT only. */
export function startCity(options: RunCityOptions): Promise<Stage> {
  const { apiUrl, keyFile, historyDays, replay, ...rest } = options
  const { seed, size } = rest
  return startSimulation({
    ...rest,
    replay,
    api: createApiClient({
      url: apiUrl,
      key: readFileSync(keyFile, 'utf8').trim(),
      signal: options.signal,
    }),
    makeWorld: async ({ startAt, from }) => {
      if (replay === null) return createCity({ seed, startAt, size, historyDays, from })
      return openRecordings({ folder: replay, startAt, historyDays, from, size: citySizes[size] })
    },
    random: createRandom(seed),
  })
}
