import type { MasterKind } from './master-data.ts'

export const masterKinds: readonly MasterKind[] = [
  'sites',
  'products',
  'planograms',
  'lanes',
  'staff',
]
