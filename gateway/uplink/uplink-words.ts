import { hourMs, minuteMs, type StageStatus } from '../../domain/index.ts'

export interface UplinkState {
  /** Host and port of the hub. */
  readonly hub: string
  readonly isConnected: boolean
  /** Why it is not connected. */
  readonly words: string
  /** Connections in a row that ended before the hub acknowledged anything. */
  readonly fruitless: number
  readonly backlog: number
  readonly backlogMs: number
  readonly backlogPerSecond: number
  readonly dropped: number
  readonly keepHours: number
  readonly keepMegabytes: number
}

const mostFruitless = 3
const count = (number: number): string => number.toLocaleString('en')
const messages = (number: number): string => `${count(number)} message${number === 1 ? '' : 's'}`

/** How the uplink is, for a person. A hub that is away is no reason not to be ready: messages are kept. */
export function describeUplink(state: UplinkState): StageStatus {
  const { backlog, backlogPerSecond: rate } = state
  const remaining = rate > 0 ? `, about ${duration((backlog / rate) * 1000)} to go` : ''
  const behind = backlog === 0 ? 'up to date' : `${messages(backlog)} behind${remaining}`
  const waiting = backlog === 0 ? '' : `; ${messages(backlog)} of ${duration(state.backlogMs)} wait`
  return {
    name: 'uplink',
    ready: true,
    words: state.isConnected
      ? `connected to hub ${state.hub}; ${behind}`
      : `not connected to hub ${state.hub}${waiting}`,
    problems: problemsOf(state),
  }
}

function problemsOf(state: UplinkState): readonly string[] {
  const problems: string[] = []
  if (!state.isConnected && state.words !== '')
    problems.push(
      `The hub ${state.hub} is not connected: ${state.words} Messages are kept here for ${state.keepHours} hours of running and up to ${count(state.keepMegabytes)} MB, and go out once it is.`,
    )
  if (state.fruitless >= mostFruitless)
    problems.push(
      `The hub ${state.hub} ended the last ${state.fruitless} connections without acknowledging anything. Is this gateway registered there with "--kind gateway", is mqtt.maxPacketBytes there at least uplink.maxPacketBytes here, and can the hub write its log?`,
    )
  if (state.dropped > 0)
    problems.push(
      `${messages(state.dropped)} never reached the hub: they were older or more than uplink.keepHours and uplink.keepMegabytes keep, or could not be read.`,
    )
  return problems
}

function duration(ms: number): string {
  if (ms < 2 * minuteMs) return `${Math.max(1, Math.round(ms / 1000))} s`
  if (ms < 2 * hourMs) return `${Math.round(ms / minuteMs)} min`
  return `${Math.round(ms / hourMs)} h`
}
