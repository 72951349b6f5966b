import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetRead,
  type AsyncBuffer,
  type FileMetaData,
} from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { errorMessage, LarderError } from '../../domain/index.ts'

export interface RowGroup {
  readonly file: string
  readonly rows: number
  /** Names of the file's columns. */
  readonly columns: ReadonlySet<string>
  column(name: string): Promise<ArrayLike<unknown>>
}

/** The row groups of one Parquet file, or of every `*.parquet` of a folder, by name. Each file must have `columns`. */
export async function openRowGroups(
  path: string,
  columns: readonly string[],
): Promise<readonly RowGroup[]> {
  const groups: RowGroup[] = []
  for (const file of await listFiles(path)) {
    const { buffer, metadata } = await open(file)
    const present = new Set(metadata.schema.map((element) => element.name))
    const missing = columns.filter((column) => !present.has(column))
    if (missing.length > 0) {
      throw unreadable(file, `it has no column ${missing.join(', ')}`, 'Add what is missing')
    }
    let start = 0
    for (const group of metadata.row_groups) {
      groups.push({
        columns: present,
        ...rowGroup(file, buffer, metadata, start, Number(group.num_rows)),
      })
      start += Number(group.num_rows)
    }
  }
  return groups
}

export function unreadable(file: string, problem: string, remedy: string): LarderError {
  return new LarderError(
    'RT_FILE_UNREADABLE',
    `${file} cannot be used: ${problem}. ${remedy}, then try again.`,
  )
}

async function listFiles(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => null)
  if (!found) throw unreadable(path, 'there is no such file', 'Check the path')
  if (!found.isDirectory()) return [path]
  const files = (await readdir(path))
    .filter((name) => name.endsWith('.parquet'))
    .sort()
    .map((name) => join(path, name))
  if (files.length === 0) {
    throw unreadable(path, 'the folder holds no .parquet file', 'Check the path')
  }
  return files
}

async function open(file: string): Promise<{ buffer: AsyncBuffer; metadata: FileMetaData }> {
  try {
    const buffer = await asyncBufferFromFile(file)
    return { buffer, metadata: await parquetMetadataAsync(buffer) }
  } catch (error) {
    throw damaged(file, error)
  }
}

function damaged(file: string, error: unknown): LarderError {
  return unreadable(
    file,
    `it is no whole Parquet file (${errorMessage(error)})`,
    'Fetch or write it again',
  )
}

function rowGroup(
  file: string,
  buffer: AsyncBuffer,
  metadata: FileMetaData,
  start: number,
  rows: number,
): Omit<RowGroup, 'columns'> {
  return {
    file,
    rows,
    async column(name) {
      const out: unknown[] = []
      try {
        await parquetRead({
          file: buffer,
          metadata,
          compressors,
          columns: [name],
          rowStart: start,
          rowEnd: start + rows,
          onChunk({ columnData, rowStart }) {
            const from = Math.max(start, rowStart)
            const to = Math.min(start + rows, rowStart + columnData.length)
            for (let row = from; row < to; row++) out[row - start] = columnData[row - rowStart]
          },
        })
      } catch (error) {
        throw damaged(file, error)
      }
      if (out.length !== rows) {
        throw damaged(file, `column ${name} has ${out.length} rows of ${rows}`)
      }
      return out
    },
  }
}
