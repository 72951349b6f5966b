import { startGateway } from '../../gateway/index.ts'
import { wallClock } from '../../runtime/index.ts'
import { createDeviceRegistry } from '../../store/index.ts'
import { openMessageLog } from './engines.ts'
import { runStage } from './run-stage.ts'
import { loadStageSettings, type StageOptions } from './stage-settings.ts'

/** A gateway of the hub: keeps nothing itself, so that any number of them share a log and a registry. */
export function runHubGateway(options: StageOptions & { readonly mqtt?: string }): Promise<void> {
  const settings = loadStageSettings(options, { 'mqtt.port': options.mqtt })
  return runStage(
    {
      name: 'gateway',
      needs: ['messageLog', 'operations'],
      async start({ operations, logger, metrics, open, stops }) {
        const log = await open('Kafka', () => openMessageLog(settings, logger))
        const gateway = await startGateway({
          ...{ settings: settings.mqtt, identity: settings.gateway },
          messageLogSettings: settings.messageLog,
          log: log.store,
          registry: createDeviceRegistry(operations.store),
          ...{ clock: wallClock, wall: wallClock, logger, metrics },
        })
        stops.add('the gateway', () => gateway.stop())
        const { host } = settings.mqtt
        return {
          async condition() {
            const { ready, words, problems = [] } = await gateway.status()
            const { messages } = await log.store.stats().catch(() => ({ messages: 0 }))
            return { ready, words, problems, progress: null, messages }
          },
          banner: [
            ...(gateway.port > 0 ? [`  MQTT    mqtt://${host}:${gateway.port}`] : []),
            ...(gateway.tlsPort > 0 ? [`  MQTT    mqtts://${host}:${gateway.tlsPort}`] : []),
          ],
        }
      },
    },
    settings,
  )
}
