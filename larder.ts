#!/usr/bin/env -S node --max-semi-space-size=4
import { Command, CommanderError } from 'commander'
import { registerBackup } from './cli/backup.ts'
import { registerCredentials } from './cli/credentials.ts'
import { registerDeadLetters } from './cli/dead-letters.ts'
import { registerDevices } from './cli/devices.ts'
import { registerDoctor } from './cli/doctor.ts'
import { errorWords } from './cli/error-words.ts'
import { registerGateway } from './cli/gateway.ts'
import { registerExport } from './cli/export.ts'
import { registerImport } from './cli/import.ts'
import { registerPlan } from './cli/plan.ts'
import { registerMigrate } from './cli/migrate.ts'
import { registerModels } from './cli/models.ts'
import { registerProfiles } from './cli/profiles.ts'
import { registerReadings } from './cli/readings.ts'
import { registerSettings } from './cli/settings.ts'
import { registerStages } from './cli/stages.ts'
import { registerUp } from './cli/up.ts'
import { LarderError } from './domain/index.ts'
import { version } from './runtime/version.ts'

const program = new Command('larder')
  .description('Telemetry and decisions for same-city instant retail.')
  .version(version)
  .exitOverride()
  .showHelpAfterError('Run with --help for what is allowed.')

registerUp(program)
registerGateway(program)
registerStages(program)
registerDevices(program)
registerCredentials(program)
registerProfiles(program)
registerReadings(program)
registerDeadLetters(program)
registerPlan(program)
registerModels(program)
registerImport(program)
registerExport(program)
registerBackup(program)
registerMigrate(program)
registerSettings(program)
registerDoctor(program)

/** Exit codes: 0 done, 1 could not, 2 wrong use. */
try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2
  } else {
    process.stderr.write(`${errorWords(error)}\n`)
    const isWrongUse =
      error instanceof LarderError &&
      (error.code === 'RT_REQUEST_INVALID' || error.code === 'RT_SETTINGS_INVALID')
    process.exitCode = isWrongUse ? 2 : 1
  }
}
