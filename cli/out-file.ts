import { access, appendFile, rm } from 'node:fs/promises'

/** Before long work whose answer goes into `file`: rejects where it cannot be written, and leaves everything as it was. */
export async function tryOut(file: string): Promise<void> {
  const wasThere = await access(file).then(
    () => true,
    () => false,
  )
  await appendFile(file, '')
  if (!wasThere) await rm(file)
}
