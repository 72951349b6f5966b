import type { Command } from 'commander'
import { openConnection, type Connection } from './connection.ts'

export interface PlaceOptions {
  readonly data: string
  readonly url?: string
}

/** Where the command looks for Larder: the same two options on every command that is not a server. */
export function withPlace(command: Command): Command {
  return command
    .option('--data <dir>', 'data folder', './data')
    .option('--url <url>', 'address of a running Larder (key: LARDER_KEY, or DIR/owner.key)')
}

export async function withConnection<T>(
  options: PlaceOptions & { readonly mayCreate?: boolean },
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await openConnection(options)
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}

/** A line to standard output; waits where the reader is slow. */
export async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`))
    await new Promise((resolve) => process.stdout.once('drain', resolve))
}
