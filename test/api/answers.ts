import Schema from 'typebox/schema'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'

interface Operation {
  readonly responses: Record<string, { content?: Record<string, { schema: object }> }>
}
export interface Document {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation & { summary?: string; tags?: string[] }>>
  readonly components: { schemas: Record<string, object> }
}

export const documentOf = (app: FastifyInstance): Document =>
  (app as unknown as { swagger(): Document }).swagger()

/** What is wrong with an answer by the OpenAPI document: nothing, or a sentence. */
export function problemsOfAnswer(
  document: Document,
  method: string,
  url: string,
  answer: LightMyRequestResponse,
): readonly string[] {
  const path = pathOf(document, url.split('?')[0] ?? '')
  const operation = document.paths[path]?.[method.toLowerCase()]
  if (!operation) return [`${method} ${path} is not in the document`]
  const status = String(answer.statusCode)
  const documented = operation.responses[status] ?? operation.responses[`${status[0] ?? ''}XX`]
  if (!documented) return [`${status} of ${method} ${path} is not in the document`]
  const type = String(answer.headers['content-type'] ?? '').split(';')[0] ?? ''
  if (!documented.content) return answer.body === '' ? [] : ['a body where none is documented']
  const media = documented.content[type]
  if (!media) return [`${type} of ${method} ${path} ${status} is not in the document`]
  if (!type.endsWith('json')) return []
  const schema = inline(media.schema, document) as never
  const body: unknown = answer.json()
  const [, errors] = Schema.Errors(schema, body)
  return errors.map((error) => `${method} ${path}: ${error.instancePath} ${error.message}`)
}

/** The document's path for an address: the one with the fewest parameters that fits. */
function pathOf(document: Document, address: string): string {
  const fitting = Object.keys(document.paths).filter((path) =>
    new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(address),
  )
  return fitting.sort((a, b) => a.split('{').length - b.split('{').length)[0] ?? address
}

/** The schema with its references put in place; the API's components do not refer to themselves. */
function inline(node: unknown, document: Document): unknown {
  if (Array.isArray(node)) return node.map((item) => inline(item, document))
  if (typeof node !== 'object' || node === null) return node
  const { $ref } = node as { $ref?: unknown }
  if (typeof $ref === 'string') {
    const name = $ref.replace('#/components/schemas/', '')
    const target = document.components.schemas[name]
    if (!target) throw new Error(`${$ref} is not in the document`)
    return inline(target, document)
  }
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, inline(value, document)]),
  )
}
