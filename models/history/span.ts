/** Full hours of UTC: from <= t < to. */
export interface Span {
  readonly from: number
  readonly to: number
}
