import { readFileSync, writeFileSync } from 'node:fs'
import { InvalidArgumentError, type Command } from 'commander'
import { parse } from 'secure-json-parse'
import { errorMessage, LarderError } from '../domain/index.ts'

interface PlanOptions {
  readonly instance: string
  readonly out?: string
  readonly seed: number
  readonly timeLimit: number
}

/** `larder plan transfers | capacity | release --instance FILE.json` */
export function registerPlan(program: Command): void {
  const plan = program
    .command('plan')
    .description('Answer one planning question from a file, without a running Larder.')

  const question = (
    name: string,
    description: string,
    answer: (input: unknown, options: PlanOptions) => Promise<unknown>,
  ): void => {
    plan
      .command(name)
      .description(description)
      .requiredOption('--instance <file>', 'the question, as JSON')
      .option('--out <file>', 'where the answer goes (default: standard output)')
      .option('--seed <number>', 'the same question and seed give the same answer', number, 1)
      .option('--time-limit <seconds>', 'longest search', number, 60)
      .addHelpText(
        'after',
        `\nExample:\n  larder plan ${name} --instance question.json --out answer.json`,
      )
      .action(async (options: PlanOptions) => {
        const result = await answer(readJson(options.instance), options)
        const text = `${JSON.stringify(result, null, 2)}\n`
        if (options.out === undefined) process.stdout.write(text)
        else writeAnswer(options.out, text)
      })
  }

  question('transfers', 'Which units move between sites, and why.', async (input, options) => {
    const { wallClock } = await import('../runtime/index.ts')
    const { planTransfers } = await import('../planner/index.ts')
    const { seed, timeLimit } = options
    return planTransfers(input, { seed, timeLimitMs: timeLimit * 1000, clock: wallClock })
  })
  question('capacity', 'What each booking slot can still take, in staff-minutes.', async (input) =>
    (await import('../planner/index.ts')).answerCapacity(input),
  )
  question('release', 'When cold goods may leave the cold before a pick-up.', async (input) =>
    (await import('../planner/index.ts')).answerRelease(input),
  )
}

function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('Write a number from 0.')
  return value
}

function readJson(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'), { protoAction: 'error' })
  } catch (error) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `${file} cannot be read as JSON: ${errorMessage(error)}. Check the path and the text.`,
      { cause: error },
    )
  }
}

function writeAnswer(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `The answer cannot be written to ${file}: ${errorMessage(error)}. Check the folder and your rights.`,
      { cause: error },
    )
  }
}
