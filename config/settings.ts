import { Type, type Static } from 'typebox'
import { MessageLogSettings } from './message-log-settings.ts'
import { MqttSettings } from './mqtt-settings.ts'
import { choice, closed, flag, number, text, whole } from './setting.ts'

/**
 * The one schema of what an operator may set: defaults, bounds and a sentence each. `larder settings describe` prints it,
 * `.env.example` is made from it, and a stage gets its own section, never the whole.
 * A key `http.port` is `--http` where the command line has a flag for it, `LARDER_HTTP_PORT` in the environment, `http: {port}` in larder.yaml.
 */
export const Settings = Type.Object(
  {
    data: text('./data', 'Folder of the embedded stores, models, keys and the clock.'),
    seed: whole(1, 0, 2 ** 31 - 1, 'Seed of the simulated city and of training.'),
    log: Type.Object(
      {
        level: choice(
          ['silent', 'error', 'warn', 'info', 'debug'],
          'warn',
          'Least severity that is logged, as JSON on stderr.',
        ),
      },
      closed,
    ),
    http: Type.Object(
      {
        host: text('127.0.0.1', 'Address that the API and the board listen on.'),
        port: whole(8080, 0, 65535, 'Port of the API and the board; 0 picks a free one.'),
        anonymousRead: choice(
          ['auto', 'on', 'off'],
          'auto',
          'Reading without a key. auto: only with the simulated city on loopback.',
        ),
        allowedHosts: Type.Array(Type.String(), {
          default: [],
          description: 'Host names accepted besides the address itself and localhost.',
        }),
      },
      closed,
    ),
    mqtt: MqttSettings,
    gateway: Type.Object(
      {
        site: text('hub', 'Site of the gateway itself; an edge gateway speaks for this site only.'),
        device: text(
          'gateway',
          'Name of the gateway at its site: it tells how it is on v1/SITE/DEVICE/state.',
        ),
      },
      closed,
    ),
    uplink: Type.Object(
      {
        url: text(
          '',
          'Of an edge gateway: its hub, mqtts://host:8883, or mqtt://host:1883 where the network itself is protected.',
        ),
        passwordFile: text('', 'File with the password that the hub gave this gateway.'),
        ca: text('', 'PEM file of the authority that signed the certificate of the hub.'),
        cert: text('', 'PEM file of the certificate that this gateway shows the hub.'),
        key: text('', 'PEM file of its private key.'),
        keepHours: number(
          72,
          0.01,
          1000,
          'What the hub does not have is kept so long, in hours that the gateway runs, then dropped, oldest first.',
        ),
        keepMegabytes: whole(2048, 16, 1_000_000, 'And at most so many megabytes of it.'),
        backlogPerSecond: whole(
          0,
          0,
          1_000_000,
          'Messages a second that are sent of what a cut of the line left behind, beside the live ones; 0: as fast as the line takes them.',
        ),
        maxPacketBytes: whole(
          65_536,
          4096,
          1_048_576,
          "Longest batch, and longest packet that this gateway takes of a device: not above the hub's mqtt.maxPacketBytes.",
        ),
      },
      closed,
    ),
    messageLog: MessageLogSettings,
    ingest: Type.Object(
      {
        batchMessages: whole(2000, 1, 100_000, 'Most messages read from the log at once.'),
        gatherMs: number(
          20,
          0,
          1000,
          'Fewer messages than that are read from the log at most so often: each batch is a write in three stores.',
        ),
        profiles: text(
          '',
          'Folder of device profiles of your own (*.json), beside those that are shipped.',
        ),
        clockAheadMinutes: number(
          10,
          0,
          1440,
          'A device time further ahead of the receive time than this is not believed.',
        ),
      },
      closed,
    ),
    series: Type.Object(
      {
        url: text(
          '',
          'InfluxDB 2 of the series store, http://host:8086; empty: SQLite in the data folder.',
        ),
        org: text('larder', 'Organisation of that InfluxDB.'),
        bucket: text('larder', 'Bucket of that InfluxDB.'),
        tokenFile: text('', 'File with the token that may read and write that bucket.'),
        keepDays: number(92, 1, 3650, 'Raw readings are kept so long; roll-ups by hour stay.'),
        keepRollupYears: number(5, 0.1, 100, 'And roll-ups by hour so long.'),
      },
      closed,
    ),
    operations: Type.Object(
      {
        url: text(
          '',
          'PostgreSQL database of the operations store, postgres://user:password@host:5432/name; empty: SQLite in the data folder.',
        ),
        passwordFile: text(
          '',
          'File with the password of that database, in place of one in its address.',
        ),
        keepDays: number(
          30,
          1,
          3650,
          'Changes, forecasts and what is over of leases, alarms and commands are kept so long, in city days.',
        ),
      },
      closed,
    ),
    city: Type.Object(
      {
        sim: choice(
          ['city', 'none'],
          'city',
          'city: the simulated city and its devices; none: only devices of your own.',
        ),
        size: choice(
          ['full', 'small'],
          'full',
          'full: 8 stores, 2 warehouses, about 600 devices; small: 2 stores, 1 warehouse, 32 devices.',
        ),
        speed: number(60, 1, 3600, 'City seconds per second; it never runs past the wall clock.'),
        startDaysAgo: number(10, 0, 365, 'Where a new city clock starts, in days before now.'),
        historyDays: whole(28, 1, 365, 'Days of sales imported before the first message.'),
        replay: text('', 'Folder of real recordings to replay in place of the simulated city.'),
        autoApproveMinutes: number(
          15,
          0,
          1440,
          'Proposed transfers approve themselves after so many city minutes; 0: never.',
        ),
      },
      closed,
    ),
    models: Type.Object(
      {
        enabled: flag(true, 'Train and serve the TensorFlow.js model; off: baselines only.'),
        backend: choice(
          ['auto', 'wasm', 'native', 'cpu'],
          'auto',
          'TensorFlow.js backend. auto: native where native/tensorflow is installed, else wasm.',
        ),
        maxMinutes: number(
          1,
          0.05,
          600,
          'Longest training of the model that serves, in minutes of the wall clock.',
        ),
        graceMinutes: number(
          20,
          0,
          720,
          'City minutes past the hour after which a forecast no longer waits for late data.',
        ),
      },
      closed,
    ),
    planner: Type.Object(
      {
        everyMinutes: number(15, 1, 720, 'City minutes between plans.'),
        proposalMinutes: number(
          90,
          1,
          1440,
          'City minutes until a proposal that nobody decides expires.',
        ),
        maxMinutesP90: number(120, 1, 1440, 'Longest trip, dock to dock, at its 0.9 quantile.'),
        minimumSaving: number(
          0,
          0,
          1_000_000,
          'A transfer that saves less than this is not proposed.',
        ),
        loadLimit: number(0.9, 0.1, 1, 'Share of staff-minutes that may be promised.'),
        walkInReserve: number(0.8, 0.5, 0.99, 'Quantile of the walk-in work that is kept free.'),
        slotHorizonHours: whole(12, 1, 48, 'How far ahead slots are open.'),
        missAfterMinutes: number(
          30,
          0,
          1440,
          'City minutes past its slot after which a booking that nobody came for is missed.',
        ),
      },
      closed,
    ),
    api: Type.Object(
      {
        leaseMinutes: number(5, 0.5, 60, 'City minutes a lease holds its slot and stock.'),
        bodyLimitMegabytes: whole(64, 1, 1024, 'Longest body of an import.'),
        ownerKeyFile: text(
          '',
          "File with the owner's key; empty: owner.key in the data folder, made if new.",
        ),
        simKeyFile: text(
          '',
          'File with the key of the simulated city; empty: sim.key in the data folder, made if new.',
        ),
      },
      closed,
    ),
  },
  closed,
)
export type Settings = Static<typeof Settings>
