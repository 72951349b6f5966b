import { Type } from 'typebox'
import { toRfc3339 } from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import { answers, text } from '../schemas/common.ts'
import { Clock, Status } from '../schemas/system.ts'

/** Health, readiness, metrics, clock and status. */
export function addSystemRoutes(
  app: App,
  context: Pick<ApiContext, 'status' | 'readiness' | 'metricsText' | 'clock' | 'zones'>,
): void {
  app.get(
    '/health',
    {
      config: { access: 'public' },
      schema: {
        tags: ['system'],
        summary: 'The process answers',
        response: answers({ 200: Type.Object({ status: Type.Literal('ok') }) }),
      },
    },
    () => ({ status: 'ok' as const }),
  )

  const Ready = Type.Object({
    ready: Type.Boolean(),
    stages: Status.properties.stages,
  })
  app.get(
    '/ready',
    {
      config: { access: 'public' },
      schema: {
        tags: ['system'],
        summary: 'Every stage runs (200), or what is not ready and why (503)',
        response: answers({ 200: Ready, 503: Ready }),
      },
    },
    async (_request, reply) => {
      const stages = await (context.readiness?.() ?? context.status().then((all) => all.stages))
      const ready = stages.every((stage) => stage.ready)
      return reply.code(ready ? 200 : 503).send({ ready, stages: [...stages] })
    },
  )

  app.get(
    '/metrics',
    {
      config: { access: 'read' },
      schema: {
        tags: ['system'],
        summary: 'Metrics in the Prometheus text format',
        response: answers({ 200: text('text/plain', 'Prometheus exposition, version 0.0.4') }),
      },
    },
    async (_request, reply) =>
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(await context.metricsText()),
  )

  app.get(
    '/v1/clock',
    {
      config: { access: 'read' },
      schema: {
        tags: ['system'],
        summary: 'The city clock: its anchor, its time now, and whether it waits',
        response: answers({ 200: Clock }),
      },
    },
    async () => {
      const now = context.clock.now()
      const [first] = (await context.zones.load()).values()
      return {
        ...context.clock.anchor(),
        now,
        waiting: context.clock.isWaiting(),
        time: toRfc3339(now, first?.timeZone ?? 'UTC'),
      }
    },
  )

  app.get(
    '/v1/status',
    {
      config: { access: 'read' },
      schema: {
        tags: ['system'],
        summary: 'What runs, how far it is behind and what it is busy with',
        response: answers({ 200: Status }),
      },
    },
    async () => context.status() as Promise<never>,
  )
}
