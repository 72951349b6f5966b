import type { Counter } from '../runtime/index.ts'

/** What a person can do about refusals that go on; a reason not named here is counted only. */
const remedies: Readonly<Record<string, string>> = {
  'wrong-secret':
    'a device has an old password; "larder devices rotate SITE/DEVICE" gives it a new one',
  'unknown-user': 'a device is not registered; "larder devices add SITE/DEVICE --kind …" does it',
  revoked: 'a revoked device still tries; take it off the network, or register it again',
  'wrong-client-id': 'a device logs in under another client id than SITE.DEVICE',
  'id-in-use': 'two clients use one client id with different credentials',
  'topic-not-allowed': 'a device publishes outside its own path v1/SITE/DEVICE/…',
  'filter-not-allowed': 'a client subscribes to what its credential does not allow',
  'will-not-allowed': 'a device names a Will outside its own path',
  'certificate-expired': 'a device has a certificate that has ended; issue it a new one',
  'certificate-not-yet-valid':
    'a device has a certificate of later; set the clock of this machine, or of the one that issued it',
  'certificate-revoked': 'a device with a revoked certificate still tries',
  'certificate-unknown-ca':
    'a device has a certificate that mqtt.tlsClientCa did not sign, or without those between',
  'certificate-missing':
    'a device shows no certificate, and mqtt.tlsClientCertificates is required',
  'certificate-wrong-name':
    'the name of a certificate is not the client id SITE.DEVICE of who shows it',
  'tls-handshake':
    'connections end within their TLS handshake: a device does not trust mqtt.tlsCert, or speaks an old TLS',
  'join-rate': 'more comes with a join credential than mqtt.joinPerSecond',
  'too-many-unregistered':
    'more new devices came than mqtt.joinDevices; adopt or revoke those of "larder devices list --status unregistered"',
  'mapping-bad-name':
    'a bridge publishes for a device whose name is none of ours: letters, digits, - and _',
  'mapping-foreign-site': 'a bridge publishes for a site that is not its own',
  'too-many-connections': 'raise mqtt.maxConnections, or find out who opens so many',
  'connect-deadline': 'somebody opens connections and does not log in',
  'frame-deadline': 'a device or its line is too slow to send a packet in time',
  'first-not-connect': 'something that does not speak MQTT knocks at the port',
  protocol: 'a client speaks MQTT 5 or no MQTT; this gateway speaks 3.1.1',
  'session-queue-full': 'a client that is away has more messages waiting than are kept for it',
}
const sampleEveryMs = 60_000
const samplesKept = 10
/** So few may be a typing error, or one restart. */
const fewestToTell = 3

/** Watches the counter of refusals for what goes on, and says it in sentences. */
export function watchRefusals(refused: Counter<'reason'>): {
  problems(): Promise<readonly string[]>
  stop(): void
} {
  const samples: ReadonlyMap<string, number>[] = []
  const read = async (): Promise<ReadonlyMap<string, number>> => {
    const { values } = await refused.get()
    return new Map(values.map(({ labels, value }) => [String(labels.reason), value]))
  }
  const timer = setInterval(() => {
    void read().then((sample) => {
      samples.push(sample)
      if (samples.length > samplesKept) samples.shift()
    })
  }, sampleEveryMs)
  timer.unref()
  return {
    async problems() {
      const before = samples[0]
      return [...(await read())].flatMap(([reason, count]) => {
        const recent = count - (before?.get(reason) ?? 0)
        const remedy = remedies[reason]
        return remedy === undefined || recent < fewestToTell
          ? []
          : [`${recent} refusals "${reason}" in the last ${samplesKept} minutes: ${remedy}.`]
      })
    },
    stop: () => clearInterval(timer),
  }
}
