import { parseArgs } from 'node:util'
import { measureDurableRate } from './support/durable-rate.ts'
import { measureLatency } from './support/latency.ts'
import { describeMachine } from './support/machine.ts'
import { measureMemory } from './support/memory.ts'
import { measureStorm } from './support/storm.ts'

/**
 * The gateway's figures, each beside its yardstick from the same run, as lines of JSON:
 *   npm run bench:gateway [-- durable latency memory storm] [--seconds N] [--rounds 3] [--devices 2000]
 * The machine has to be idle.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    devices: { type: 'string', default: '2000' },
  },
})
const seconds = (usual: number): number => Number(values.seconds ?? usual)
const parts: Record<string, () => Promise<object>> = {
  durable: () => measureDurableRate(seconds(10), Number(values.rounds)),
  latency: () => measureLatency(seconds(30)),
  memory: () => measureMemory(seconds(60)),
  storm: () => measureStorm(Number(values.devices)),
}

console.log(JSON.stringify(describeMachine()))
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const measure = parts[name]
  if (!measure) throw new Error(`"${name}" is none of ${Object.keys(parts).join(', ')}.`)
  console.log(JSON.stringify({ bench: name, ...(await measure()) }, null, 2))
}
