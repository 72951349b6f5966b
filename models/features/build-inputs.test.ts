import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { hourMs } from '../../domain/index.ts'
import { createRandom } from '../../runtime/index.ts'
import { makeRandomHistory } from '../../test/models/random-history.ts'
import type { History } from '../forecaster.ts'
import { buildInputs, createInputBuilder, inputNames, localHours } from './build-inputs.ts'
import { learnLayout } from './layout.ts'

/** Made once by a plain reading of each input's definition: a loop over hours for every span, no sums kept. */
const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/models/inputs.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, readonly number[]>>

const histories = {
  month: makeRandomHistory({ seed: 1, hours: 31 * 24 + 7, from: Date.UTC(2026, 9, 1) }),
  week: makeRandomHistory({ seed: 2, hours: 9 * 24, from: Date.UTC(2026, 2, 25) }),
}
const originsOf = ({ hours }: History): readonly number[] => [5, 30, hours - 40, hours - 13, hours]

/** Every input as one number per origin: its values over the series, weighed by chance so that no two can be swapped. */
function fingerprintInputs(history: History): Record<string, readonly number[]> {
  const learnt = learnLayout(history, history.hours - 48, localHours(history, history.from))
  const known = [...new Set(history.series.flatMap((series) => Object.keys(series.known)))].sort()
  // The weather too, although so few regions leave it out; what is absent is 0 in what was made.
  const layout = { ...learnt, known, absent: {} }
  const random = createRandom(7)
  const weights = history.series.map(() => 0.5 + random.next())
  const names = inputNames(layout)
  const built = originsOf(history).map((origin) =>
    buildInputs(history, history.from + origin * hourMs, layout),
  )
  return Object.fromEntries(
    names.map((name, i) => [
      name,
      built.map(({ rows, width }) =>
        weights.reduce((sum, weight, s) => sum + weight * rows[s * width + i]!, 0),
      ),
    ]),
  )
}

describe.each(Object.entries(histories))('of a %s', (title, history) => {
  test('every input has the value its definition gives', () => {
    const inputs = fingerprintInputs(history)
    for (const [name, expected] of Object.entries(golden[title]!)) {
      const values = inputs[name]
      expect(values, name).toBeDefined()
      values!.forEach((value, i) => {
        const error = Math.abs(value - expected[i]!) / (1 + Math.abs(expected[i]!))
        expect(error, `${name} at origin ${i}: ${value}, not ${expected[i]}`).toBeLessThan(2e-6)
      })
    }
  })

  test('rows written one by one, in any order and over old ones, are those built at once', () => {
    const layout = learnLayout(history, history.hours - 48, localHours(history, history.from))
    const at = history.from + (history.hours - 13) * hourMs
    const { rows, width } = buildInputs(history, at, layout)
    const { write } = createInputBuilder(history, layout).at(at)
    const row = new Float32Array(width).fill(9)
    for (let s = history.series.length - 1; s >= 0; s--) {
      write(s, row, 0)
      expect(row).toEqual(rows.subarray(s * width, (s + 1) * width))
    }
  })
})
