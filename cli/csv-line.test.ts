import { expect, test } from 'vitest'
import { csvLine } from './csv-line.ts'

test('what a spreadsheet would take for a formula does not run', () => {
  expect(csvLine(['=1+1', '+1', '-1', '@a', '\tb'])).toBe(`'=1+1,'+1,'-1,'@a,'\tb\r\n`)
})

test('numbers stay numbers, and quotes, commas and line breaks are quoted', () => {
  expect(csvLine([-1.5, null, 'a,b', 'say "x"', 'c\nd'])).toBe('-1.5,,"a,b","say ""x""","c\nd"\r\n')
})
