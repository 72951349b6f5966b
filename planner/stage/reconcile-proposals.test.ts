import { expect, test } from 'vitest'
import type { Transfer } from '../../domain/index.ts'
import { reconcileProposals } from './reconcile-proposals.ts'

const transfer = (id: string, saves: number, products: readonly string[], to = 's1'): Transfer => ({
  ...{ id, planId: 'p', from: 'w1', to, lane: `w1-${to}`, tempClass: 'chilled', saves },
  ...{ status: 'proposed', alternatives: [], etaMinutesP50: 30, etaMinutesP90: 50 },
  ...{ proposedAt: 0, expiresAt: 1, decidedAt: null, decidedBy: null, dispatchedAt: null },
  ...{ shownEtaAt: null, receivedAt: null },
  lines: products.map((product) => ({
    ...{ product, units: 1, dispatchedUnits: null, receivedUnits: null, saves, forecast: null },
    quantilesUsed: [],
    reason: { valueToReceiver: saves, lossToGiver: 0, unitCosts: 0, tripCostShare: 0, words: '' },
  })),
})

test('a proposal stays while sales move its plan a little', () => {
  const open = [transfer('old', 1000, ['milk', 'tofu'])]
  expect(reconcileProposals(open, [transfer('new', 700, ['milk'])])).toEqual({
    propose: [],
    withdraw: [],
  })
})

test.each([
  ['is worth far more now', [transfer('new', 2100, ['milk'])]],
  ['is worth far less now', [transfer('new', 400, ['milk'])]],
  ['carries other goods now', [transfer('new', 1000, ['cheese'])]],
])('a proposal is replaced where its trip %s', (_, planned) => {
  const open = [transfer('old', 1000, ['milk'])]
  expect(reconcileProposals(open, planned)).toEqual({ propose: planned, withdraw: ['old'] })
})

test('a proposal whose need has gone is withdrawn', () => {
  const open = [transfer('old', 1000, ['milk'])]
  const planned = [transfer('other', 1000, ['milk'], 's2')]
  expect(reconcileProposals(open, planned)).toEqual({ propose: planned, withdraw: ['old'] })
})
