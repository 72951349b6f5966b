import { availableParallelism, constants, freemem, loadavg, platform, setPriority } from 'node:os'

/** How busy the machine is. */
export interface Machine {
  /** Processes that want to run, per core, over the last minute. */
  load(): number
  freeMegabytes(): number
}

export const thisMachine: Machine = {
  load: () => loadavg()[0]! / availableParallelism(),
  freeMegabytes: () => freemem() / 1e6,
}

/**
 * From now on this thread, and those that it starts, run when others leave them the time. On Linux a priority belongs to the
 * thread that asks (setpriority(2), notes); elsewhere to the whole process, which is left as it is.
 */
export function runWhenIdle(): void {
  if (platform() === 'linux') setPriority(0, constants.priority.PRIORITY_LOW)
}
