import type { ChangeEvent, ReadingView, StatusView } from './wire.ts'

export interface StreamEvents {
  /** The stream is open, or the server has dropped changes that were not sent: what was missed must be read again. */
  readonly onOpen: () => void
  readonly onLost: (retryInMs: number) => void
  readonly onChange: (change: ChangeEvent) => void
  readonly onReadings: (items: readonly ReadingView[]) => void
  readonly onStatus: (status: StatusView) => void
}

const firstDelayMs = 500
const longestDelayMs = 15_000
/** The server sends a status at least every few seconds; silence for longer means a dead connection. */
const silenceMs = 20_000

/** Server-sent events with a back-off of our own: the browser's never tries again after an HTTP error. */
export function openEventStream(url: string, events: StreamEvents): () => void {
  let source: EventSource | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let watchdog: ReturnType<typeof setTimeout> | undefined
  let delayMs = firstDelayMs
  let closed = false

  const lose = () => {
    source?.close()
    clearTimeout(watchdog)
    if (closed) return
    const waitMs = delayMs * (0.5 + Math.random() / 2)
    delayMs = Math.min(delayMs * 2, longestDelayMs)
    events.onLost(waitMs)
    timer = setTimeout(connect, waitMs)
  }
  const heard = () => {
    clearTimeout(watchdog)
    watchdog = setTimeout(lose, silenceMs)
  }
  const connect = () => {
    const opened = new EventSource(url, { withCredentials: true })
    source = opened
    const on = (name: string, take: (data: unknown) => void) => {
      opened.addEventListener(name, (event) => {
        heard()
        let data: unknown
        try {
          data = JSON.parse((event as MessageEvent<string>).data) as unknown
        } catch {
          return
        }
        take(data)
      })
    }
    opened.addEventListener('open', () => {
      delayMs = firstDelayMs
      heard()
      events.onOpen()
    })
    opened.addEventListener('error', lose)
    on('change', (data) => {
      events.onChange(data as ChangeEvent)
    })
    on('reset', events.onOpen)
    on('readings', (data) => {
      events.onReadings((data as { items: readonly ReadingView[] }).items)
    })
    on('status', (data) => {
      events.onStatus(data as StatusView)
    })
    heard()
  }
  connect()
  return () => {
    closed = true
    clearTimeout(timer)
    clearTimeout(watchdog)
    source?.close()
  }
}
