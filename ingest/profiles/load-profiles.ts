import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Value from 'typebox/value'
import { errorMessage, LarderError } from '../../domain/index.ts'
import { Profile } from './profile.ts'
import chirpstack from './shipped/chirpstack.json' with { type: 'json' }
import ruuvi from './shipped/ruuvi.json' with { type: 'json' }
import shelly from './shipped/shelly.json' with { type: 'json' }
import zigbee2mqtt from './shipped/zigbee2mqtt.json' with { type: 'json' }

const shipped: readonly unknown[] = [chirpstack, ruuvi, shelly, zigbee2mqtt]

/** Those of the folder first, so that one's own stand before the shipped ones; an empty name means no folder. */
export function loadProfiles(folder: string): readonly Profile[] {
  const own = folder === '' ? [] : filesOf(folder).map((file) => readProfile(join(folder, file)))
  return [...own, ...shipped.map((profile) => checkProfile(profile, 'a shipped profile'))]
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .sort()
  } catch (error) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `The folder of profiles ${folder} cannot be read: ${errorMessage(error)}. Name another with ingest.profiles, or none.`,
      { cause: error },
    )
  }
}

export function readProfile(file: string): Profile {
  try {
    return checkProfile(JSON.parse(readFileSync(file, 'utf8')), file)
  } catch (error) {
    if (error instanceof LarderError) throw error
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `The profile ${file} cannot be read: ${errorMessage(error)}. It is a JSON object; docs/bridges.md shows one.`,
      { cause: error },
    )
  }
}

function checkProfile(value: unknown, name: string): Profile {
  if (Value.Check(Profile, value)) return value
  const faults = Value.Errors(Profile, value)
    .slice(0, 5)
    .map(({ instancePath, message }) => `${instancePath === '' ? '/' : instancePath} ${message}`)
  throw new LarderError(
    'RT_FILE_UNREADABLE',
    `${name} is not a profile: ${faults.join('; ')}. docs/bridges.md says what belongs where.`,
  )
}
