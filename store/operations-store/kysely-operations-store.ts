import type { Kysely } from 'kysely'
import { raiseAlarms } from './alarms.ts'
import { readApplied } from './applied.ts'
import { applyBatch, replayDeadLetter } from './batch.ts'
import { readBirths } from './births.ts'
import { book, expireLeases, lease, moveBooking } from './bookings.ts'
import { readChanges } from './changes.ts'
import { readContext, saveContext, withdrawContext } from './context.ts'
import { devicesWithCommands, markCommandSent, pendingCommands, queueCommand } from './commands.ts'
import { listCredentials, putCredential, readCredential, revokeCredential } from './credentials.ts'
import { countDeadLetters, explainDeadLetter } from './dead-letters.ts'
import { adoptDevice, registerDevice, revokeDevice, unregisteredDevices } from './devices.ts'
import { saveForecasts } from './forecasts.ts'
import { beginIdempotent, endIdempotent } from './idempotency.ts'
import { allResources, getResource, listResources } from './listings.ts'
import { addModelScores, readModelScores } from './model-scores.ts'
import { putMasterData } from './master-data.ts'
import { readModelReport, rollBackModel, saveModel, saveModelReport, useModel } from './models.ts'
import type { OperationsStore } from './operations-store.ts'
import { prune } from './prune.ts'
import { saveReleaseTasks } from './release-tasks.ts'
import type { OutboxEngine } from './outbox-engine.ts'
import type { OutboxNewsDesk } from './outbox-news.ts'
import type { Tables } from './schema.ts'
import { createSessionRunner } from './session.ts'
import { readStageReports, reportStage, withdrawStage } from './stage-reports.ts'
import { keepRetained, readRetained } from './retained.ts'
import { saveSlots } from './slots.ts'
import { moveStock } from './stock.ts'
import {
  decideTransfer,
  dispatchTransfer,
  proposeTransfers,
  receiveTransfer,
  settleProposals,
} from './transfers.ts'

/** The operations store over any database that Kysely speaks to, its tables migrated. */
export function createKyselyOperationsStore(
  db: Kysely<Tables>,
  engine: OutboxEngine,
  news: OutboxNewsDesk,
  close: () => Promise<void>,
): OperationsStore {
  const run = createSessionRunner(engine)

  return {
    putMasterData: (kind, items, at) => run((s) => putMasterData(s, kind, items, at)),
    get: (kind, id) => getResource(db, kind, id),
    list: (kind, filter) => listResources(db, kind, filter),
    all: (kind) => allResources(db, kind),

    registerDevice: (device, credential, at) =>
      run((s) => registerDevice(s, device, credential, at)),
    putCredential: (credential) => run((s) => putCredential(s, credential)),
    credential: (username) => readCredential(db, username),
    listCredentials: (query) => listCredentials(db, query),
    revokeCredential: (username) => run((s) => revokeCredential(s, username)),
    unregisteredDevices: (site) => unregisteredDevices(db, site),
    revokeDevice: (site, device, at) => run((s) => revokeDevice(s, site, device, at)),
    adoptDevice: (site, device, kind, credential, at) =>
      run((s) => adoptDevice(s, site, device, kind, credential, at)),
    queueCommand: (command) => run((s) => queueCommand(s, command)),
    pendingCommands: (site, device, now) => pendingCommands(db, site, device, now),
    devicesWithCommands: (now) => devicesWithCommands(db, now),
    markCommandSent: (id, at) => run((s) => markCommandSent(s, id, at)),

    retained: () => readRetained(db),
    keepRetained: (messages, through) => run((s) => keepRetained(s, messages, through)),

    applyBatch: (batch) => run((s) => applyBatch(s, batch)),
    applied: (group) => readApplied(db, group),
    births: () => readBirths(db),
    replayDeadLetter: (id, at, effects) => run((s) => replayDeadLetter(s, id, at, effects)),
    explainDeadLetter: (id, why) => run((s) => explainDeadLetter(s, id, why)),
    countDeadLetters: () => countDeadLetters(db),
    raiseAlarms: (events) => run((s) => raiseAlarms(s, events)),

    moveStock: (movements) => run((s) => moveStock(s, movements)),

    saveForecasts: (forecasts) => run((s) => saveForecasts(s, forecasts)),
    saveModel: (model, at) => run((s) => saveModel(s, model, at)),
    useModel: (version, use, at) => run((s) => useModel(s, version, use, at)),
    rollBackModel: (target, by, at) => run((s) => rollBackModel(s, target, by, at)),
    saveModelReport: (version, report) => run((s) => saveModelReport(s, version, report)),
    modelReport: (version) => readModelReport(db, version),
    addModelScores: (scores) => run((s) => addModelScores(s, scores)),
    modelScores: (filter) => readModelScores(db, filter),

    saveContext: (issues) => run((s) => saveContext(s, issues)),
    withdrawContext: (id, at) => run((s) => withdrawContext(s, id, at)),
    readContext: (span) => readContext(db, span),

    proposeTransfers: (transfers, at, withdraw) =>
      run((s) => proposeTransfers(s, transfers, at, withdraw)),
    decideTransfer: (id, decision, by, at) => run((s) => decideTransfer(s, id, decision, by, at)),
    dispatchTransfer: (id, lines, at) => run((s) => dispatchTransfer(s, id, lines, at)),
    receiveTransfer: (id, lines, at) => run((s) => receiveTransfer(s, id, lines, at)),
    settleProposals: (options) => run((s) => settleProposals(s, options)),

    saveSlots: (slots, at) => run((s) => saveSlots(s, slots, at)),
    lease: (request) => run((s) => lease(s, request)),
    book: (request) => run((s) => book(s, request)),
    moveBooking: (id, step, at) => run((s) => moveBooking(s, id, step, at)),
    expireLeases: (now) => run((s) => expireLeases(s, now)),

    saveReleaseTasks: (tasks, at) => run((s) => saveReleaseTasks(s, tasks, at)),

    changes: (after, limit) => readChanges(db, after, limit),
    subscribe: news.subscribe,
    subscribeRegistry: news.subscribeRegistry,

    beginIdempotent: (key, hash, now) => run((s) => beginIdempotent(s, key, hash, now)),
    endIdempotent: (key, answer) => run((s) => endIdempotent(s, key, answer)),

    reportStage: (report, at) => reportStage(db, report, at),
    withdrawStage: (process) => withdrawStage(db, process),
    stageReports: () => readStageReports(db),

    prune: ({ before }) => run((s) => prune(s, before)),
    async close() {
      news.stop()
      await close()
    },
  }
}
