import type { DevicePath, KeptBirth } from '../../domain/index.ts'
import type { MetricDefinition } from './metric-values.ts'

/** What the births and sequence numbers of one edge node have said; all of it follows from the messages of the log. */
export interface EdgeNode {
  /** Of its last NBIRTH; null before one is known. */
  birth: { readonly bdSeq: number | null; readonly receivedAt: number } | null
  isAlive: boolean
  /** By device, '' being the node itself. */
  readonly tables: Map<string, MetricTable>
  readonly devices: Map<string, DevicePath>
  /** Of the last message with a number; null where the next one starts the counting. */
  lastSeq: number | null
  lastHash: number
  /** Log position of the last live message: read again, a message moves nothing. */
  position: number
  /** The request for births that is under way. */
  asked: { readonly id: string; readonly path: DevicePath; readonly at: number } | null
}

export interface MetricTable {
  readonly byAlias: ReadonlyMap<string, MetricDefinition>
  readonly byName: ReadonlyMap<string, MetricDefinition>
}

export interface EdgeNodes {
  /** Known or new. */
  node(id: string): EdgeNode
  /** What the store kept of births that the log may not hold any more. */
  readonly kept: readonly KeptBirth[]
}

const mostNodes = 20_000

/** Beyond the bound the node that was made first is forgotten, and asked for its births when it speaks again. */
export function createEdgeNodes(kept: readonly KeptBirth[] = []): EdgeNodes {
  const nodes = new Map<string, EdgeNode>()
  return {
    kept,
    node(id) {
      const known = nodes.get(id)
      if (known) return known
      if (nodes.size >= mostNodes) nodes.delete(nodes.keys().next().value ?? '')
      const node: EdgeNode = {
        ...{ birth: null, isAlive: true, tables: new Map(), devices: new Map() },
        ...{ lastSeq: null, lastHash: 0, position: -1, asked: null },
      }
      nodes.set(id, node)
      return node
    },
  }
}
