import type { MessagePort } from 'node:worker_threads'
import { compiledUrl, connectRpc, startWorker } from '../../runtime/index.ts'
import type { BackendChoice } from '../tf.ts'
import { createCrew, type CrewStarter } from './crew.ts'
import type { TrainingHand, TrainingSetup } from './hand.ts'

/** What such a thread answers; it tells of its progress as the event `share`. */
export interface TrainingHandThread extends TrainingHand {
  setUp(backend: BackendChoice, setup: TrainingSetup): Promise<void>
}

export interface LearntShare {
  readonly member: number
  readonly share: number
}

/** Judging makes lists that live for seconds: with the small space of new objects they would be copied over and over. */
const youngMb = 32

/**
 * Each hand in a thread of its own: WebAssembly computes on one core, so several networks are learnt side by side. History,
 * rows and states are shared, not copied; ending a thread is the only way to give back what its WebAssembly took.
 */
export function inThreads(size: number, backend: BackendChoice): CrewStarter {
  return {
    size,
    async start(setup, { signal, onShare }) {
      let fail: (error: unknown) => void = () => undefined
      const failed = new Promise<never>((_, reject) => (fail = reject))
      failed.catch(() => undefined)
      const abort = (): void => fail(signal?.reason)
      signal?.addEventListener('abort', abort, { once: true })
      const owned = Array.from({ length: size }, (_, i) =>
        startWorker(compiledUrl('./hand.worker.js', import.meta.url), {
          name: `training-${i + 1}`,
          youngMb,
          onDeath: fail,
        }),
      )
      const threads = owned.map(({ worker }) => {
        const thread = connectRpc<TrainingHandThread>(worker as unknown as MessagePort)
        thread.on('share', (value) => {
          const { member, share } = value as LearntShare
          onShare(member, share)
        })
        return thread.remote
      })
      const stop = async (): Promise<void> => {
        signal?.removeEventListener('abort', abort)
        await Promise.all(owned.map((worker) => worker.stop()))
      }
      const orFail = <T>(work: Promise<T>): Promise<T> => Promise.race([work, failed])
      const hands = threads.map((thread): TrainingHand => ({
        build: (...args) => orFail(thread.build(...args)),
        learn: (...args) => orFail(thread.learn(...args)),
        forecast: (...args) => orFail(thread.forecast(...args)),
        judge: (...args) => orFail(thread.judge(...args)),
      }))
      try {
        signal?.throwIfAborted()
        await Promise.all(threads.map((thread) => orFail(thread.setUp(backend, setup))))
      } catch (error) {
        await stop()
        throw error
      }
      return createCrew(hands, stop)
    },
  }
}
