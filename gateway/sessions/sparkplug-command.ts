import type { DeviceCommand } from '../../domain/index.ts'

const commandTopic = /^spBv1\.0\/[^/+#]+\/[ND]CMD\/[^+#]+$/
const base64 = /^[A-Za-z0-9+/]+={0,2}$/

/** A command for a Sparkplug edge node, which goes out as it stands; null for every other command. */
export function readSparkplugCommand({
  set,
}: DeviceCommand): { readonly topic: string; readonly payload: Buffer } | null {
  const { sparkplug } = set
  if (typeof sparkplug !== 'object' || sparkplug === null) return null
  const { topic, payload } = sparkplug as Readonly<Record<string, unknown>>
  if (typeof topic !== 'string' || !commandTopic.test(topic)) return null
  if (typeof payload !== 'string' || !base64.test(payload)) return null
  return { topic, payload: Buffer.from(payload, 'base64') }
}
