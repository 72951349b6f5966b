import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { errorMessage } from '../domain/index.ts'

const withinMs = 3_000
/** CONNECT of MQTT 3.1.1 with a clean session and no credentials: a gateway that lives refuses it with a CONNACK. */
const connectPacket = Buffer.from([0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 10, 0, 0])

/** Knocks at an MQTT port as a client nobody knows: null where the gateway answers, else what is wrong. */
export async function knock(url: string): Promise<string | null> {
  const { hostname, port, protocol } = new URL(url)
  const at = { host: hostname, port: Number(port), noDelay: true }
  const isTls = protocol === 'mqtts:'
  // Whom its certificate convinces is for the devices to say.
  const socket = isTls ? connectTls({ ...at, rejectUnauthorized: false }) : connect(at)
  const deadline = AbortSignal.timeout(withinMs)
  try {
    const first = await new Promise<Buffer | null>((resolve, reject) => {
      deadline.addEventListener('abort', () =>
        reject(new Error(`it did not answer within ${withinMs / 1000} s`)),
      )
      if (isTls) socket.on('secureConnect', () => resolve(null))
      else socket.on('connect', () => socket.write(connectPacket))
      socket.on('data', resolve)
      socket.on('error', reject)
      socket.on('close', () => reject(new Error('it closed the connection without a word')))
    })
    return first === null || first[0] === 0x20
      ? null
      : `What listens at ${url} does not speak MQTT: give the gateway another port with --mqtt.`
  } catch (error) {
    return `No device can reach the gateway at ${url}: ${errorMessage(error)}. Look at the load of the machine and at the log of Larder; start it again if that does not help.`
  } finally {
    socket.destroy()
  }
}
