/**
 * From the message log to the stores. Takes raw messages in order per device; decodes, checks, tells duplicates apart, derives,
 * and writes readings to the series store and what they mean to the operations store. Promises that every message ends stored,
 * or dead-lettered with its reason and its bytes; that nothing is stored twice; and that no input stops it.
 */
export * from './ingest.ts'
export type { IngestCounts } from './ingest-counts.ts'
export * from './ingest-worker.ts'
export * from './prune-loop.ts'
export * from './replay-dead-letters.ts'
export { badPayload, type PayloadDecoder, type Telemetry } from './decode/telemetry.ts'
export { decodeByProfile } from './profiles/apply-profile.ts'
export { loadProfiles, readProfile } from './profiles/load-profiles.ts'
export type { Profile } from './profiles/profile.ts'
