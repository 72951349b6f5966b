import { BroadcastChannel } from 'node:worker_threads'
import type { ClockAnchor } from '../domain/index.ts'
import { createCityClock, type CityClock } from './city-clock.ts'

const channelName = 'larder-city-clock'

/** Tells every worker thread of this process when the clock waits or goes on. */
export function broadcastClock(clock: CityClock): { stop(): void } {
  const channel = new BroadcastChannel(channelName)
  channel.unref()
  const off = clock.onChange((anchor) => channel.postMessage(anchor))
  return {
    stop() {
      off()
      channel.close()
    },
  }
}

/** A worker thread's copy of the process's city clock. */
export function followClock(anchor: ClockAnchor): CityClock {
  const clock = createCityClock(anchor)
  const channel = new BroadcastChannel(channelName)
  channel.unref()
  channel.onmessage = (event) => clock.follow((event as { data: ClockAnchor }).data)
  return clock
}
