import type { ReleaseTask } from '../../domain/index.ts'
import { upsertInChunks } from './rows.ts'
import type { Session } from './session.ts'

export async function saveReleaseTasks(
  session: Session,
  tasks: readonly ReleaseTask[],
  at: number,
): Promise<void> {
  const unique = [...new Map(tasks.map((task) => [task.id, task])).values()]
  await upsertInChunks(
    session.db,
    'releaseTasks',
    ['id'],
    unique.map((task) => {
      const { id, site, product, pickUpAt, status } = task
      return { id, site, product, pickUpAt, status, body: JSON.stringify(task) }
    }),
  )
  for (const { id } of unique) session.touch('release-tasks', id, at)
}
