/** The product in a store whose forecast is shown. */
export interface Chosen {
  readonly site: string
  readonly product: string
}
