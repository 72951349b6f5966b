import type { ForecastTarget, ModelScore, RegisteredModel } from '../../domain/index.ts'

/** How a version did before it served. */
export interface ModelReport {
  /** JSON. */
  readonly body: string
  /** The same as a table to read. */
  readonly words: string
}

/** Trained versions, what is done with them, and how they do. */
export interface ModelsStore {
  /** Of a target one version serves at most: another that did stands by from now on. */
  saveModel(model: RegisteredModel, at: number): Promise<void>
  /** A retired version is RT_WRONG_STATE. One version of a target serves and one is in the shadow: others of that state stand by. */
  useModel(
    version: string,
    use: { readonly state: 'serving' | 'shadow' | 'standby'; readonly reason: string },
    at: number,
  ): Promise<RegisteredModel>
  /** The version that served last before the present one serves again; `by` is who wanted it. RT_NOT_FOUND where there is none. */
  rollBackModel(target: ForecastTarget, by: string, at: number): Promise<RegisteredModel>
  saveModelReport(version: string, report: ModelReport): Promise<void>
  modelReport(version: string): Promise<ModelReport | null>
  /** Adds to what is there. */
  addModelScores(scores: readonly ModelScore[]): Promise<void>
  /** By target, model, site and day; `from` and `to` are days, both inclusive. */
  modelScores(filter: {
    readonly target?: ForecastTarget | undefined
    readonly site?: string | undefined
    readonly from?: string | undefined
    readonly to?: string | undefined
  }): Promise<readonly ModelScore[]>
}
