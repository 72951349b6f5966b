import { expect, test } from 'vitest'
import { formatTable } from './format-table.ts'

test('names stand to the left and figures to the right, in columns as wide as their widest cell', () => {
  const rows = [
    ['network', '0.2', '1'],
    ['mean', '0.25', '12'],
  ]
  expect(formatTable(['', 'WQL', 'n'], rows)).toBe(
    ['          WQL   n', 'network   0.2   1', 'mean     0.25  12'].join('\n'),
  )
})
