import type { StatusView } from '../data/wire.ts'
import { duration } from '../parts/format.ts'

/** `training: 40 s left`, for the bar and for panels that wait for it. Null where nothing is under way. */
export function progressWords(progress: StatusView['progress']): string | null {
  if (progress === null) return null
  const left =
    progress.remainingMs === null ? 'just started' : `${duration(progress.remainingMs)} left`
  return `${progress.task}: ${left}`
}

export function TrainingBar(props: { readonly progress: StatusView['progress'] }) {
  const { progress } = props
  const words = progressWords(progress)
  if (progress === null || words === null) return null
  return (
    <div class="training">
      <label for="training-progress">{words}</label>
      <progress id="training-progress" max={Math.max(progress.of, 1)} value={progress.done} />
    </div>
  )
}
