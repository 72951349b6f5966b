import type { ContextIssue } from '../../domain/index.ts'

/** What is known from outside. */
export interface ContextStore {
  /** Idempotent by id. Of the issues of one subject that could be seen first at the same full hour only the newest is kept. */
  saveContext(issues: readonly ContextIssue[]): Promise<void>
  /** The hours of an issue, with nothing said of them any more: a newer issue. */
  withdrawContext(id: string, at: number): Promise<ContextIssue>
  /** All issues that speak of an hour in [from, to), replaced ones too, the oldest issue first. */
  readContext(span: {
    readonly from: number
    readonly to: number
  }): Promise<readonly ContextIssue[]>
}
