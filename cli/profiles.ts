import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { errorMessage, LarderError } from '../domain/index.ts'
import { print } from './with-connection.ts'

interface TestOptions {
  readonly topic?: string
  readonly json?: true
}

/** `larder profiles list | test FILE SAMPLE.json` */
export function registerProfiles(program: Command): void {
  const profiles = program
    .command('profiles')
    .description('Look at what the messages of other makers’ devices mean.')

  profiles
    .command('list')
    .description('List the profiles that are shipped.')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }) => {
      const { loadProfiles } = await import('../ingest/index.ts')
      for (const profile of loadProfiles(''))
        await print(
          options.json
            ? JSON.stringify(profile)
            : `${profile.name}  ${profile.messages.map(({ topic }) => topic).join(', ')}\n    ${profile.description}`,
        )
    })

  profiles
    .command('test <file> <sample>')
    .description('Show what would be stored of a sample payload.')
    .option('--topic <topic>', 'topic of the sample (default: the first of the profile)')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nFILE is a profile of your own, or the name of a shipped one.\nExample:\n  larder profiles test zigbee2mqtt sample.json --topic zigbee2mqtt/fridge',
    )
    .action(async (file: string, sample: string, options: TestOptions) => {
      const { decodeByProfile, loadProfiles, readProfile } = await import('../ingest/index.ts')
      const profile = loadProfiles('').find(({ name }) => name === file) ?? readProfile(file)
      const topic =
        options.topic ?? profile.messages[0]!.topic.replaceAll('+', 'x').replace('#', 'x')
      const parts = decodeByProfile(topic, readSample(sample), [profile])
      if (parts === null)
        throw new LarderError(
          'RT_REQUEST_INVALID',
          `The profile ${profile.name} does not know the topic ${topic}: its topics are ${profile.messages.map((rule) => rule.topic).join(', ')}.`,
        )
      for (const { at, channels, values } of parts)
        for (const [i, channel] of channels.entries()) {
          const time = at === null ? 'the receive time' : new Date(at).toISOString()
          const reading = { at: at === null ? null : time, channel, value: values[i]! }
          await print(
            options.json ? JSON.stringify(reading) : `${channel}  ${reading.value}  at ${time}`,
          )
        }
    })
}

function readSample(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `The sample ${file} cannot be read: ${errorMessage(error)}.`,
      { cause: error },
    )
  }
}
