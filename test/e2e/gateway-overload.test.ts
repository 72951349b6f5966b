import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createMemoryMessageLog, type MessageLog } from '../../message-log/index.ts'
import { connectRaw, packetType, publishFrame, textField } from '../support/raw-mqtt.ts'
import { startTestGateway } from '../support/start-test-gateway.ts'

const megabyte = 2 ** 20
const payload = Buffer.alloc(50_000)
const devices = 30
const each = 30

it('stops reading while the log does not answer, at the megabytes that it is set to, and loses nothing', async () => {
  const memory = createMemoryMessageLog()
  let release: () => void = () => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  const log: MessageLog = {
    ...memory,
    append: (messages) => released.then(() => memory.append(messages)),
  }
  const test = await startTestGateway(log, {}, { maxWaitingMegabytes: 1 })
  let acknowledged = 0
  const sockets = await Promise.all(
    Array.from({ length: devices }, (_, n) =>
      connectRaw(test.gateway.port, test.registry.addDevice('s1', `d${n}`), (type) => {
        if (type === packetType.puback) acknowledged++
      }),
    ),
  )
  for (const [n, socket] of sockets.entries())
    for (let id = 1; id <= each; id++)
      socket.write(publishFrame(textField(`v1/s1/d${n}/telemetry`), payload, { id, qos: 1 }))
  await sleep(1000)
  const waiting = ((await test.received()) * payload.length) / megabyte
  expect([acknowledged, waiting >= 1]).toEqual([0, true])
  // One more read of each connection that was under way just then.
  expect(waiting).toBeLessThan(4)
  release()
  for (let waited = 0; acknowledged < devices * each && waited < 10_000; waited += 20)
    await sleep(20)
  expect(acknowledged).toBe(devices * each)
  expect((await memory.stats()).messages).toBe(devices * each)
  for (const socket of sockets) socket.destroy()
  await test.stop()
})
