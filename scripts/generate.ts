import { writeFileSync } from 'node:fs'
import { format } from 'prettier'
import { settingKeys } from '../config/index.ts'
import { errorCodes, LarderError } from '../domain/index.ts'

/** Files made from the code; `git diff --exit-code` after `npm run generate` shows whether they were kept. */
const keys = settingKeys()

writeFileSync(
  '.env.example',
  keys
    .map(
      ({ env, schema }) =>
        `# ${schema.description ?? ''}\n# ${env}=${Array.isArray(schema.default) ? schema.default.join(',') : String(schema.default)}\n`,
    )
    .join('\n'),
)

const settingsPage = [
  '# Settings',
  '',
  'A flag goes over the environment, the environment over `larder.yaml` (or `--config FILE`), and that over the default. Made by `npm run generate`.',
  '',
  '| key in larder.yaml | environment | default | meaning |',
  '| --- | --- | --- | --- |',
  ...keys.map(
    ({ path, env, schema }) =>
      `| \`${path}\` | \`${env}\` | \`${JSON.stringify(schema.default)}\` | ${schema.description ?? ''} |`,
  ),
  '',
].join('\n')
writeFileSync('docs/settings.md', await format(settingsPage, { parser: 'markdown' }))

const errorsPage = [
  '# Error codes',
  '',
  'Every error carries one of these codes: in the log under `err.code`, over HTTP as `code` of an RFC 9457 problem. Made by `npm run generate`.',
  '',
  '| code | HTTP status | trying again can help |',
  '| --- | --- | --- |',
  ...errorCodes.map((code) => {
    const error = new LarderError(code, '')
    return `| \`${code}\` | ${error.status} | ${error.retryable ? 'yes' : 'no'} |`
  }),
  '',
].join('\n')
writeFileSync('docs/errors.md', await format(errorsPage, { parser: 'markdown' }))
