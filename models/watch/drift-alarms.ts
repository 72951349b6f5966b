import type { AlarmEvent } from '../../store/index.ts'
import type { Finding } from './drift.ts'

/** Looks in a row, an hour apart, after which a finding is an alarm, and after which it is over. */
const looksToRaise = 6
const looksToClear = 12

interface Watched {
  over: number
  quiet: number
  open: { readonly site: string; readonly product: string | null } | null
}

export interface Mover {
  readonly site: string
  readonly product: string | null
  readonly words: string
}

export interface DriftAlarms {
  /** What was open before a restart: it is cleared like any other, once it is quiet. */
  adopt(key: string, subject: { readonly site: string; readonly product: string | null }): void
  /** `moverOf` names the series that moved most, of a store or of all. */
  look(
    findings: readonly Finding[],
    context: {
      readonly at: number
      readonly who: string
      readonly moverOf: (site: string | null) => Mover | null
    },
  ): readonly AlarmEvent[]
}

/** Alarms out of findings, slow to raise and slower to clear, so that none flaps. */
export function createDriftAlarms(): DriftAlarms {
  const watched = new Map<string, Watched>()
  const stateOf = (key: string): Watched => {
    const state = watched.get(key) ?? { over: 0, quiet: 0, open: null }
    watched.set(key, state)
    return state
  }
  return {
    adopt(key, subject) {
      stateOf(key).open = subject
    },
    look(findings, { at, who, moverOf }) {
      const isCityOpen = findings.some(({ key, site }) => site === null && stateOf(key).open)
      return findings.flatMap(({ key, site, verdict, words }): AlarmEvent[] => {
        const state = stateOf(key)
        state.over = verdict === 'drift' ? state.over + 1 : 0
        state.quiet = verdict === 'quiet' ? state.quiet + 1 : 0
        const event = (raised: boolean, said: string): AlarmEvent[] =>
          state.open
            ? [
                {
                  ...{ kind: 'model-drift', severity: 'warning', device: null, ...state.open },
                  ...{ words: said, raised, at },
                },
              ]
            : []
        if (!state.open && state.over >= looksToRaise && !(site !== null && isCityOpen)) {
          const mover = moverOf(site)
          const at = mover?.site ?? site
          if (at === null) return []
          state.open = { site: at, product: site === null ? (mover?.product ?? null) : null }
          return event(
            true,
            `${who}: ${words}, over the last week. ${mover ? `It moved most at ${mover.words}. ` : ''}It is trained again tonight; "larder models scores" shows how each forecaster does, "larder models rollback" takes the version before.`,
          )
        }
        if (state.open && state.quiet >= looksToClear) {
          const cleared = event(false, 'What is forecast and what comes agree again.')
          state.open = null
          return cleared
        }
        return []
      })
    },
  }
}
