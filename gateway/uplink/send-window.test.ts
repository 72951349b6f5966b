import { describe, expect, it } from 'vitest'
import { createSendWindow, type Kind } from './send-window.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function open() {
  const abort = new AbortController()
  const window = createSendWindow(abort.signal)
  /** Sends batches while there is room at once; how many. */
  const fill = async (kind: Kind, bytes = 10): Promise<number> => {
    for (let count = 0; ; count++) {
      const hasRoom = await Promise.race([
        window.room(kind).then(() => true),
        turn().then(() => false),
      ])
      if (!hasRoom) return count
      window.sent(kind, bytes)
    }
  }
  const ring = (kind: Kind, times: number, roundTripMs: number): void => {
    for (let i = 0; i < times; i++) window.acknowledged(kind, 10, roundTripMs)
  }
  return { abort, window, fill, ring }
}

describe('the window to the hub', () => {
  it('always has room for live batches that backlog does not take', async () => {
    const { fill, ring } = open()
    let backlog = await fill('backlog')
    expect(backlog).toBe(2)
    for (let round = 0; round < 30; round++) {
      ring('backlog', 1, 10)
      backlog += (await fill('backlog')) - 1
    }
    expect(backlog).toBe(28)
    expect(await fill('live')).toBe(4)
  })

  it('lets less of the backlog out at once while acknowledgements are slow', async () => {
    const { window, fill, ring } = open()
    await fill('backlog')
    for (let round = 0; round < 10; round++) {
      ring('backlog', 1, 10)
      await fill('backlog')
    }
    ring('backlog', 10, 5000)
    window.acknowledged('backlog', 10, 5000)
    window.acknowledged('backlog', 10, 5000)
    expect(await fill('backlog')).toBeLessThanOrEqual(2)
  })

  it('gives room to a live batch before backlog that waited longer', async () => {
    const { window, fill } = open()
    await fill('live', 4 * 1024 * 1024)
    const order: string[] = []
    void window.room('backlog').then(() => order.push('backlog'))
    void window.room('live').then(() => order.push('live'))
    window.acknowledged('live', 4 * 1024 * 1024, 10)
    await turn()
    expect(order[0]).toBe('live')
  })

  it('holds nobody once it is aborted', async () => {
    const { abort, window, fill } = open()
    await fill('live')
    const waiting = window.room('live')
    abort.abort()
    await waiting
    await window.room('backlog')
  })
})
