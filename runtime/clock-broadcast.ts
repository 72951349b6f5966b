import { BroadcastChannel } from 'node:worker_threads'
import type { ClockAnchor } from '../domain/index.ts'
import { createCityClock, type CityClock } from './city-clock.ts'

const channelName = 'larder-city-clock'
/** A thread that is still starting hears no broadcast, so each asks once when it can. */
const question = 'now?'

/** Tells every worker thread of this process when the clock waits or goes on, and one that asks how it is now. */
export function broadcastClock(clock: CityClock): { stop(): void } {
  const channel = new BroadcastChannel(channelName)
  channel.unref()
  channel.onmessage = (event) => {
    if ((event as { data: unknown }).data === question) channel.postMessage(clock.anchor())
  }
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
  channel.onmessage = (event) => {
    const { data } = event as { data: ClockAnchor | typeof question }
    if (data !== question) clock.follow(data)
  }
  channel.postMessage(question)
  return clock
}
