/**
 * Why a forecast is what it is, and what a signal is worth. Takes the inputs of an origin and a trained model, gives the usual
 * amount and what groups of inputs add to it, by occlusion; and scores with and without a known input. Promises that parts add up.
 */
export * from './explain-forecasts.ts'
export * from './input-groups.ts'
