/**
 * When cold goods may leave the cold. Takes the pack, the staging temperature as steps and the pick-up, gives a window, and
 * promises that released in it the surface is at or below its limit even for a customer as late as 9 in 10 are at most.
 */
export { answerRelease, type ReleaseAnswer } from './instance.ts'
export {
  planRelease,
  releaseWords,
  type ReleasePlan,
  type ReleaseQuestion,
} from './plan-release.ts'
