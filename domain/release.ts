/** When a chilled or frozen item of a booking may leave the cold, so that its surface is below its limit at pick-up. */
export interface ReleaseTask {
  /** `{booking}.{product}` */
  readonly id: string
  readonly booking: string
  readonly site: string
  readonly product: string
  readonly units: number
  readonly pickUpAt: number
  readonly releaseNotBefore: number
  readonly releaseNotAfter: number
  readonly limitCelsius: number
  readonly predictedSurfaceCelsius: number
  readonly predictedSurfaceCelsiusP90: number
  readonly model: 'slab' | 'lumped'
  readonly biot: number
  readonly binding: 'limit' | 'handling' | 'none'
  readonly feasible: boolean
  /** The probe whose staging temperature was used, or null where there was none and the default stood in. */
  readonly ambientProbe: string | null
  readonly words: string
  readonly status: 'planned' | 'released' | 'cancelled'
}
