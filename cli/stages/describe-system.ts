import type { ClockAnchor, StageReport, StageStatus, SystemStatus } from '../../domain/index.ts'

/** A process that is not heard of for so long is taken for gone: it reports every two seconds. */
const silentMs = 15_000
const stages = ['gateway', 'ingest', 'models', 'planner'] as const

type Heard = StageReport & { readonly at: number }

/**
 * The whole installation out of what its processes last said. A stage is ready while one of its processes is, and, where only one
 * may work, while one does; a process that fell silent or is not well is a problem that a person should read.
 */
export function describeSystem(
  reports: readonly Heard[],
  own: {
    readonly anchor: ClockAnchor
    readonly now: number
    /** What this process says of itself and of its servers. */
    readonly api: readonly StageStatus[]
  },
): SystemStatus {
  const { anchor, now, api } = own
  const isHeard = ({ at }: Heard): boolean => now - at <= silentMs
  const shown: StageStatus[] = stages.map((name) => describeStage(name, reports, now, isHeard))
  const broken = api.filter(({ ready }) => !ready)
  shown.push({
    name: 'api',
    ready: broken.length === 0,
    words: broken.map(({ words }) => words).join(' ') || 'answers',
  })
  const heard = reports.filter(isHeard)
  const total = (figure: 'messages' | 'readings'): number =>
    heard.reduce((sum, report) => sum + (report[figure] ?? 0), 0)
  return {
    ready: shown.every(({ ready }) => ready),
    stages: shown,
    clock: { ...anchor, now, waiting: false },
    ingestLagMs: Math.max(0, ...heard.map(({ lagMs = 0 }) => lagMs)),
    // Every gateway tells the same log.
    messagesKept: Math.max(0, ...heard.map(({ messages = 0 }) => messages)),
    readingsStored: total('readings'),
    progress: heard.find(({ progress }) => progress !== null)?.progress ?? null,
  }
}

function describeStage(
  name: string,
  all: readonly Heard[],
  now: number,
  isHeard: (report: Heard) => boolean,
): StageStatus {
  const reports = all.filter((report) => report.name === name)
  const heard = reports.filter(isHeard)
  const working = heard.filter(({ ready, active }) => ready && active)
  const silent = reports.filter((report) => !isHeard(report))
  const problems = [
    ...heard.flatMap((one) => [...(one.ready ? [] : [one.words]), ...(one.problems ?? [])]),
    ...silent.map(
      ({ process, at }) =>
        `The process ${process} of the stage ${name} was last heard of ${Math.round((now - at) / 1000)} s ago.`,
    ),
  ]
  const [first] = working
  const waiting = heard.length - working.length
  const words = first
    ? [
        first.words,
        ...(working.length > 1 ? [`${working.length} processes`] : []),
        ...(waiting > 0 ? [`${waiting} beside`] : []),
      ].join('; ')
    : heard.length > 0
      ? (heard.find(({ ready }) => !ready)?.words ?? 'Nobody leads yet.')
      : `No process of it runs: start "larder ${name === 'models' ? 'models serve' : name}".`
  return { name, ready: working.length > 0, words, problems: [...new Set(problems)] }
}
