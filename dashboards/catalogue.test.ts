import { describe, expect, it } from 'vitest'
import { catalogue } from './catalogue.ts'
import { coldLimits, severityOf } from './limits.ts'

describe('the panel catalogue', () => {
  it('names every panel once, with a question that ends as one', () => {
    expect(new Set(catalogue.map((panel) => panel.id)).size).toBe(catalogue.length)
    for (const panel of catalogue) expect(panel.question).toContain('?')
  })

  it('a value on its limit is still good, past it not', () => {
    for (const limit of coldLimits) {
      expect(severityOf(limit.warning, limit)).toBe('good')
      expect(severityOf(limit.warning + 0.1, limit)).toBe('warning')
      expect(severityOf(limit.critical + 0.1, limit)).toBe('critical')
    }
  })
})
