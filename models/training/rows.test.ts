import { expect, test } from 'vitest'
import { makeSyntheticHistory } from '../../test/models/synthetic-history.ts'
import { inputNames, learnLayout } from '../features/index.ts'
import { allocateRows, buildTrainingRows, mostRows } from './rows.ts'

const history = makeSyntheticHistory({ sites: 5, products: 6, days: 21, seed: 4 })
for (const { outMinutes } of history.series) outMinutes.fill(0)
const layout = learnLayout(history, history.hours, () => 0)
const width = inputNames(layout).length

/** The series of one origin's rows, told by their inputs. */
function taught(share: number, turn: number): readonly number[] {
  const rowsOf = (share: number, turn: number): readonly string[] => {
    const store = allocateRows(mostRows(history, 1, share), width)
    const rows = buildTrainingRows(history, [331], layout, store, { share, turn })
    return Array.from({ length: rows.count }, (_, row) =>
      rows.inputs.subarray(row * width, (row + 1) * width).join(),
    )
  }
  const all = rowsOf(1, 0)
  return rowsOf(share, turn).map((row) => all.indexOf(row))
}

test('an origin teaches with a share of the series from all over, with others each time', () => {
  expect(taught(1, 7)).toHaveLength(30)
  const turns = Array.from({ length: 40 }, (_, turn) => taught(0.25, turn))
  for (const series of turns) {
    expect(series.length).toBeGreaterThanOrEqual(7)
    expect(series.length).toBeLessThanOrEqual(8)
    for (const [i, s] of series.entries()) if (i > 0) expect(s - series[i - 1]!).toBe(4)
  }
  expect(new Set(turns.flat()).size).toBe(30)
})
