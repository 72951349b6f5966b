import { Type } from 'typebox'
import { choice, closed, flag, number, text, whole } from './setting.ts'

/** Section `mqtt`: where the gateway listens, and the bounds of what it takes. */
export const MqttSettings = Type.Object(
  {
    host: text('127.0.0.1', 'Address that the MQTT gateway listens on.'),
    port: whole(1883, 0, 65535, 'Port of the MQTT gateway; 0 picks a free one.'),
    plaintext: flag(true, 'Listen without TLS on mqtt.port; off: TLS only.'),
    allowPlaintextBeyondLoopback: flag(
      false,
      'Needed to listen without TLS on an address that is not loopback.',
    ),
    tlsPort: whole(
      8883,
      0,
      65535,
      'Port of the MQTT gateway over TLS, where mqtt.tlsCert is set; 0 picks a free one.',
    ),
    tlsCert: text(
      '',
      'PEM file of the certificate of the gateway and those above it. Read again when it changes.',
    ),
    tlsKey: text('', 'PEM file of the private key of that certificate.'),
    tlsClientCertificates: choice(
      ['none', 'optional', 'required'],
      'none',
      'Certificates of devices over TLS. optional: in place of a password; required: no connection without.',
    ),
    tlsClientCa: text('', 'PEM file of the authorities that sign the certificates of devices.'),
    joinPerSecond: number(5, 0.1, 1000, 'Logins and messages per second of one join credential.'),
    joinDevices: whole(
      100,
      0,
      10_000,
      'Devices of a site that came with a join credential and that nobody has adopted.',
    ),
    sessionExpiryHours: number(
      24,
      0.01,
      8760,
      'A session kept for a client that is away (clean session 0) ends after so long.',
    ),
    maxSessions: whole(
      10_000,
      1,
      1_000_000,
      'Sessions kept for clients that are away; the one away longest ends first.',
    ),
    tlsClientCrl: text('', 'PEM file of the revocation lists of those authorities, one for each.'),
    maxConnections: whole(10_000, 1, 100_000, 'Connections at the same time.'),
    maxConnectionsPerAddress: whole(
      1000,
      1,
      100_000,
      'Connections of one address (of IPv6: one /64) at the same time. Loopback is not counted: a proxy on this machine speaks for many.',
    ),
    acceptPerSecond: whole(
      2000,
      1,
      100_000,
      'Connections taken on per second, after a first second that may take as many at once; the others wait their turn, none is refused for it.',
    ),
    maxPacketBytesBeforeLogin: whole(
      4096,
      256,
      65536,
      'Longest packet before CONNECT is accepted.',
    ),
    maxPacketBytes: whole(65_536, 1024, 1_048_576, 'Longest packet after login.'),
    connectDeadlineMs: whole(
      10_000,
      100,
      60_000,
      'A connection that has not logged in by then is closed.',
    ),
    frameDeadlineMs: whole(
      10_000,
      100,
      60_000,
      'A packet begun and not ended by then closes its connection.',
    ),
    drainTimeoutMs: whole(
      2_000,
      100,
      60_000,
      'A subscriber that reads nothing for so long is dropped, so that it delays no other.',
    ),
  },
  closed,
)
