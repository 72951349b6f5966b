import {
  LarderError,
  minuteMs,
  type Clock,
  type Progress,
  type Random,
} from '../../domain/index.ts'
import { createStopList, retry, type Logger, type Stage } from '../../runtime/index.ts'
import {
  createClockFollower,
  createContextTeller,
  createCustomers,
  createTransferDriver,
  type ApiClient,
} from '../client/index.ts'
import type { CityCommand, World } from '../city/index.ts'
import { connectFleet, createFleet } from '../devices/index.ts'
import { readPasswords, writePasswords } from './credentials-file.ts'
import { introduceCity } from './introduce.ts'
import { createStepper } from './stepper.ts'
import { openWorldFile, type CityKind, type Snapshot } from './world-file.ts'

export interface SimulationDeps extends CityKind {
  readonly api: ApiClient
  readonly mqttUrl: string
  /** Data folder: `city.json`, its notes, `sim-credentials.json`. */
  readonly folder: string
  /** A new world that begins at a city time, or one that goes on from a snapshot. */
  readonly makeWorld: (start: {
    readonly startAt: number
    readonly from?: unknown
  }) => Promise<World>
  readonly random: Random
  readonly runId: string
  readonly wall: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
  readonly onState: (state: SimulationState) => void
}

export interface SimulationState {
  readonly devices: number
  readonly connected: number
  readonly acknowledged: number
  readonly waiting: number
  readonly dropped: number
  readonly cityAt: number
}

const tickMs = 250
const syncEveryMs = 1_000
const stateEveryMs = 5_000
const snapshotEvery = { cityMs: 5 * minuteMs, wallMs: 1_000 }
/** Messages without a PUBACK beyond which the city waits for its gateway. */
const mostWaiting = 5_000
const longestStepMs = 10 * minuteMs
const stopWithinMs = 1_200

/** The simulated city live beside a Larder: made known once, then stepped on Larder's city clock until it is stopped. */
export async function startSimulation(deps: SimulationDeps): Promise<Stage> {
  const { api, logger, signal, wall, random } = deps
  const stops = createStopList(logger)
  const clock = createClockFollower({ api, wall, logger })
  const hold = new AbortController()
  const patient = <T>(attempt: () => Promise<T>): Promise<T> =>
    retry(attempt, {
      firstMs: 250,
      longestMs: 5_000,
      clock: wall,
      random,
      signal,
      onRetry: (error) => logger.warn(error instanceof Error ? error.message : String(error)),
    })

  await patient(() => api.get('/v1/clock'))
  await clock.sync()
  const file = openWorldFile(deps.folder)
  const found = file.read()
  const world = await deps.makeWorld({
    startAt: file.begin(clock.now(), deps),
    ...(found ? { from: found.snapshot.world } : {}),
  })
  const fleet = createFleet({
    world,
    random,
    ...(found ? { from: found.snapshot.fleet } : {}),
  })
  const passwords = found
    ? readPasswords(deps.folder)
    : await patient(() =>
        introduceCity({
          ...deps,
          world,
          fleet,
          passwords: readPasswords(deps.folder),
          keep: (known) => writePasswords(deps.folder, known),
        }),
      )

  const links = connectFleet({
    fleet,
    url: deps.mqttUrl,
    passwords,
    unacknowledged: found?.snapshot.unacknowledged ?? {},
    random,
    logger,
    onCommand: (path, { intervalMs }) => stepper.setIntervalMs(path, intervalMs),
  })
  stops.add('devices', () => links.stop(300))
  const stepper = createStepper({
    world,
    fleet,
    publisher: links,
    onIntervention: (done) => file.note({ done }),
    onEvents: (events) =>
      teller.tell(events.flatMap((event) => (event.type === 'context' ? [event.issue] : []))),
  })
  const people = {
    api,
    world,
    apply: (command: CityCommand) => stepper.apply(command),
    remember: () => file.note({ client: saveClient() }),
    runId: deps.runId,
    random,
    logger,
  }
  const teller = createContextTeller({ ...people, from: found?.snapshot.client.context })
  const transfers = createTransferDriver({ ...people, from: found?.snapshot.client.transfers })
  const customers = createCustomers({ ...people, from: found?.snapshot.client.customers })
  function saveClient(): Snapshot['client'] {
    return {
      transfers: transfers.save(),
      customers: customers.save(),
      context: teller.save(),
    }
  }
  const save = (): void => {
    // What people did since the last step has events of its own: they go out first.
    stepper.step(world.now())
    file.write({
      version: 1,
      world: world.save(),
      fleet: fleet.save(),
      unacknowledged: links.unacknowledged(),
      client: saveClient(),
    })
  }
  if (found) stepper.redo(found.done)
  save()

  let savedAt = { city: world.now(), wall: wall.now() }
  let isActing = false
  const act = async (): Promise<void> => {
    if (isActing) return
    isActing = true
    try {
      await transfers.act(world.now())
      await customers.act(world.now())
    } finally {
      isActing = false
    }
  }
  const tick = (): void => {
    const until = Math.min(clock.now(), world.now() + longestStepMs)
    if (until > world.now() && links.waiting() < mostWaiting) {
      stepper.step(until)
      void act()
      void teller.act()
    }
    const isDue =
      world.now() - savedAt.city >= snapshotEvery.cityMs &&
      wall.now() - savedAt.wall >= snapshotEvery.wallMs
    if (!isDue) return
    save()
    savedAt = { city: world.now(), wall: wall.now() }
  }
  const state = (): void =>
    deps.onState({
      devices: fleet.devices.length,
      connected: links.connected(),
      acknowledged: links.acknowledged(),
      waiting: links.waiting(),
      dropped: links.dropped(),
      cityAt: world.now(),
    })
  const timers = [
    setInterval(tick, tickMs),
    setInterval(() => void clock.sync(), syncEveryMs),
    setInterval(state, stateEveryMs),
  ]
  void followEvents(api, () => transfers.wake(), wall, hold.signal)
  state()

  stops.add('loop', async () => {
    for (const timer of timers) clearInterval(timer)
    hold.abort(new LarderError('RT_STOPPED', 'Stopping.'))
    const deadline = AbortSignal.timeout(stopWithinMs / 2)
    await links.drained({ signal: deadline }).catch(() => undefined)
    save()
  })
  return stops
}

/** Wakes the transfer driver as soon as something changes; where the stream fails it is opened again, and polling goes on anyway. */
async function followEvents(
  api: ApiClient,
  onChange: () => void,
  wall: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await api.follow(
        '/v1/events',
        (name, data) => {
          if (name === 'change' && data.includes('"transfers"')) onChange()
        },
        signal,
      )
    } catch {
      // The next round tells whether the API is back; the clock says so in words.
    }
    await wall.sleepUntil(wall.now() + 2_000, { signal }).catch(() => undefined)
  }
}
