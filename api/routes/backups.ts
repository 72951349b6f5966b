import { Type } from 'typebox'
import { toRfc3339 } from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import type { Backup } from '../deps.ts'
import {
  answers,
  closed,
  Count,
  listOf,
  named,
  oneOf,
  ref,
  Time,
  TimeOrNull,
} from '../schemas/common.ts'

const BackupSchema = named('Backup', {
  folder: Type.String({ description: 'on the machine where Larder runs' }),
  state: oneOf(['running', 'done', 'failed']),
  startedAt: Time,
  finishedAt: TimeOrNull,
  bytes: Count,
  words: Type.String({ description: 'why it failed, or what was not as it should be' }),
  progress: Type.Union([
    Type.Object(
      {
        task: Type.String(),
        done: Type.Number(),
        of: Type.Number(),
        remainingMs: Type.Union([Type.Number(), Type.Null()]),
      },
      closed,
    ),
    Type.Null(),
  ]),
})

/** Copies of everything, made while it runs. */
export function addBackupRoutes(app: App, { backups }: ApiContext): void {
  app.addSchema(BackupSchema)

  app.post(
    '/v1/backups',
    {
      config: { access: 'write' },
      schema: {
        tags: ['system'],
        summary: 'Begin a backup into a folder that is not there yet',
        body: Type.Object({ folder: Type.String({ minLength: 1, maxLength: 1000 }) }, closed),
        response: answers({ 202: ref(BackupSchema) }),
      },
    },
    async ({ body }, reply) => reply.code(202).send(view(await backups.start(body.folder))),
  )

  app.get(
    '/v1/backups',
    {
      config: { access: 'write' },
      schema: {
        tags: ['system'],
        summary: 'The backup that runs, and those before it, newest first',
        response: answers({ 200: listOf(ref(BackupSchema)) }),
      },
    },
    () => ({ items: backups.list().map(view), next: null }),
  )
}

/** Times of the wall, whatever the city's clock says. */
function view({ folder, state, startedAt, finishedAt, bytes, words, progress }: Backup) {
  return {
    ...{ folder, state, bytes, words },
    startedAt: toRfc3339(startedAt, 'UTC'),
    finishedAt: finishedAt === null ? null : toRfc3339(finishedAt, 'UTC'),
    progress: progress && {
      task: progress.task,
      done: progress.done,
      of: progress.of,
      remainingMs: progress.remainingMs,
    },
  }
}
