import { join } from 'node:path'
import type { Command } from 'commander'
import { errorMessage, type SystemStatus } from '../domain/index.ts'
import { eachItem, type Connection } from './connection.ts'
import { print, withConnection, withPlace, type PlaceOptions } from './with-connection.ts'

interface Alarm {
  readonly site: string
  readonly severity: string
  readonly words: string
  readonly clearedAt: string | null
}

const mostAlarms = 20
const longLagMs = 5 * 60_000

/** `larder doctor`: what is wrong with a running Larder, in sentences; exit code 1 where anything is. */
export function registerDoctor(program: Command): void {
  withPlace(program.command('doctor'))
    .description('Say what is wrong with a running Larder, in sentences.')
    .addHelpText('after', '\nExample:\n  larder doctor --data ./data')
    .action(async (options: PlaceOptions) => {
      const findings = await examine(options)
      for (const finding of findings) await print(finding)
      if (findings.length > 0) process.exitCode = 1
      else await print('Everything runs, nothing is behind, and no alarm is open.')
    })
}

async function examine(options: PlaceOptions): Promise<readonly string[]> {
  const { readRunInfo } = await import('../runtime/index.ts')
  if (options.url === undefined && readRunInfo(options.data) === null)
    return [await notRunning(options.data)]
  try {
    return await withConnection(options, async (connection) => {
      const status = await connection.request<SystemStatus>('GET', '/v1/status')
      return [
        ...(await gatewayFindings(options, readRunInfo)),
        ...statusFindings(status),
        ...(await dataFindings(options, status)),
        ...(await alarmFindings(connection)),
        ...(await deadLetterFindings(connection)),
      ]
    })
  } catch (error) {
    return [errorMessage(error)]
  }
}

async function notRunning(data: string): Promise<string> {
  const { existsSync } = await import('node:fs')
  const command = existsSync(join(data, 'uplink.json')) ? 'gateway --uplink …' : 'up'
  return `No Larder runs on ${data}. Start it with "larder ${command} --data ${data}".`
}

/** The MQTT port is asked itself, where it is known: a stage may think that it is well while nobody reaches it. */
async function gatewayFindings(
  { data, url }: PlaceOptions,
  readRunInfo: (data: string) => { readonly mqtt?: string } | null,
): Promise<readonly string[]> {
  const mqtt = url === undefined ? readRunInfo(data)?.mqtt : undefined
  const finding = mqtt === undefined ? null : await (await import('./knock.ts')).knock(mqtt)
  return finding === null ? [] : [finding]
}

/** What only whoever has the folder sees: what was moved aside, backups, the disk. */
async function dataFindings(
  { data, url }: PlaceOptions,
  status: SystemStatus,
): Promise<readonly string[]> {
  const { readRunInfo, wallClock } = await import('../runtime/index.ts')
  const run = url === undefined ? readRunInfo(data) : null
  if (!run) return []
  const { folderFindings } = await import('./folder/folder-findings.ts')
  const { loadSettings } = await import('../config/index.ts')
  const settings = loadSettings({ flags: {}, env: process.env, file: null })
  const { kafkaFinding } = await import('./folder/kafka-finding.ts')
  const kafka = kafkaFinding(settings)
  return [
    ...kafka,
    ...folderFindings({ data, settings, status, startedAt: run.startedAt, now: wallClock.now() }),
  ]
}

function statusFindings(status: SystemStatus): readonly string[] {
  const findings = status.stages
    .filter(({ ready }) => !ready)
    .map(({ name, words }) => `The stage ${name} is not ready: ${words.replace(/\.$/, '')}.`)
  for (const { words, problems = [] } of status.stages)
    findings.push(...problems.filter((problem) => problem !== words))
  if (status.ingestLagMs > longLagMs)
    findings.push(
      `What devices send is ${Math.round(status.ingestLagMs / 60_000)} city minutes behind. Give Larder more of the machine, or a slower --speed.`,
    )
  if (status.messagesKept === 0)
    findings.push(
      'No message of a device has come yet. Register one with "larder devices add SITE/DEVICE --kind shelf", and publish to v1/SITE/DEVICE/telemetry.',
    )
  return findings
}

async function alarmFindings(connection: Connection): Promise<readonly string[]> {
  const open: string[] = []
  for await (const alarm of eachItem<Alarm>(connection, '/v1/alarms', { limit: 1000 }))
    if (alarm.clearedAt === null && alarm.severity !== 'info')
      open.push(`${alarm.site}: ${alarm.words}`)
  return open.length <= mostAlarms
    ? open
    : [...open.slice(0, mostAlarms), `And ${open.length - mostAlarms} more alarms: GET /v1/alarms.`]
}

async function deadLetterFindings({ request }: Connection): Promise<readonly string[]> {
  const page = await request<{ items: { replayedAt: string | null }[]; next: string | null }>(
    'GET',
    '/v1/dead-letters?limit=1000',
  )
  const open = page.items.filter(({ replayedAt }) => replayedAt === null).length
  return open === 0
    ? []
    : [
        `${open}${page.next === null ? '' : ' or more'} messages could not be read: "larder dead-letters list" says why.`,
      ]
}
