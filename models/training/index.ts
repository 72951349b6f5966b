/**
 * From hourly history to a trained model: takes a history, a plan and hands to work with (this thread or several), gives the
 * members' weights with their scores on days that they had not seen, and promises the same weights from the same seed however
 * many hands there were, and to go on from where it was interrupted.
 */
export * from './crew.ts'
export * from './options.ts'
export * from './plan.ts'
export * from './threads.ts'
export * from './train-model.ts'
