import { readdirSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../../config/index.ts'
import { dayMs, type SystemStatus } from '../../domain/index.ts'
import { wasSetAside } from '../../runtime/index.ts'
import { readBackupList } from '../backup/backup-list.ts'
import { meaningOf } from './meanings.ts'

const longWithoutBackupMs = 7 * dayMs
/** A rate of the first minutes says nothing about a day. */
const shortestRunMs = 10 * 60_000
/** Estimates on the safe side: what the series store takes for a reading and the log for a message of a small device. */
const bytesPerReading = 25
const bytesPerMessage = 250
const enoughDays = 30

/** What is wrong with a data folder on this machine, in sentences. */
export function folderFindings(options: {
  readonly data: string
  readonly settings: Settings
  readonly status: SystemStatus
  readonly startedAt: number
  readonly now: number
}): readonly string[] {
  const { data, now } = options
  return [
    ...movedFiles(data),
    ...(isSimulated(data) ? [] : [...backups(data, now), ...space(options)]),
  ]
}

function movedFiles(data: string): readonly string[] {
  return readdirSync(data).flatMap((name) => {
    const moved = wasSetAside(name)
    if (!moved || moved.of.endsWith('.damaged')) return []
    const day = new Date(moved.at).toISOString().slice(0, 16).replace('T', ' ')
    return [
      `${moved.of} could not be used and was moved to ${join(data, name)} on ${day} UTC. ${meaningOf(moved.of)} Remove the moved file once you are done with it.`,
    ]
  })
}

/** The city that is only a demonstration needs no backup. */
function isSimulated(data: string): boolean {
  return statSync(join(data, 'city-start.json'), { throwIfNoEntry: false }) !== undefined
}

function backups(data: string, now: number): readonly string[] {
  const list = readBackupList(join(data, 'backups.json'))
  const findings: string[] = []
  const [newest] = list
  if (newest?.state === 'failed')
    findings.push(`The last backup, to ${newest.folder}, failed: ${newest.words}`)
  const done = list.find(({ state }) => state === 'done')
  const begun = statSync(join(data, 'owner.key'), { throwIfNoEntry: false })?.mtimeMs ?? now
  if (!done && now - begun > dayMs)
    findings.push(
      'There is no backup: a disk that breaks takes everything with it. "larder backup FOLDER" makes one while Larder runs.',
    )
  if (done && now - done.startedAt > longWithoutBackupMs)
    findings.push(
      `The last backup is ${Math.floor((now - done.startedAt) / dayMs)} days old: run "larder backup FOLDER" once a day.`,
    )
  if (done && done.words !== '') findings.push(`The last backup says: ${done.words}`)
  return findings
}

/** What is kept for so many days must fit: days until the disk is full at the rate of this run. */
function space({
  data,
  settings,
  status,
  startedAt,
  now,
}: Parameters<typeof folderFindings>[0]): readonly string[] {
  const ranMs = now - startedAt
  if (ranMs < shortestRunMs) return []
  const disk = statfsSync(data)
  const free = disk.bavail * disk.bsize
  const perDay = (count: number): number => (count * dayMs) / ranMs
  const size = (name: string): number =>
    statSync(join(data, name), { throwIfNoEntry: false })?.size ?? 0
  const { keepDays, keepMegabytes } = settings.messageLog
  const logPerDay = perDay(status.messagesKept) * bytesPerMessage
  const logWill = Math.min(keepMegabytes * 1024 * 1024, logPerDay * keepDays) - size('log.db')
  const seriesPerDay = perDay(status.readingsStored) * bytesPerReading
  const seriesWill = seriesPerDay * settings.series.keepDays - size('series.db')
  if (Math.max(0, logWill) + Math.max(0, seriesWill) <= free) return []
  const days = free / (logPerDay * Number(logWill > 0) + seriesPerDay * Number(seriesWill > 0))
  return [
    `At the rate of this run the disk of ${data} is full in ${days < 2 ? `${Math.floor(days * 24)} hours` : `${Math.floor(days)} days`}${days > enoughDays ? '' : ', soon'}: what is kept for ${settings.series.keepDays} days does not fit. Lower series.keepDays or messageLog.keepMegabytes, or give it a larger disk.`,
  ]
}
