/**
 * The networks of a model as one. Takes normalised rows, gives the mean of what the networks answer; with a second thread where many rows
 * are asked, whose numbers are the same and whose death costs time only.
 */
export * from './answering.ts'
export * from './ensemble.ts'
export * from './helper-thread.ts'
