import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SchemaElement } from 'hyparquet'
import { parquetWriteFile } from 'hyparquet-writer'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readRetailHistory } from './retail-parquet.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-retail-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

type Cell = number | bigint | string | null
interface Row {
  readonly store: number
  readonly product: number
  readonly day: string
  readonly city?: number
  readonly sales?: readonly Cell[]
  readonly out?: readonly Cell[]
  readonly discount?: number | null
}

/** 24 numbers, each the hour unless given. */
const day = (value: (hour: number) => number | null): (number | null)[] =>
  Array.from({ length: 24 }, (_, hour) => value(hour))

function write(name: string, rows: readonly Row[], leaveOut: readonly string[] = []): string {
  const path = join(folder, name)
  const whole = (pick: (row: Row) => number) => rows.map(pick)
  const columns = [
    { name: 'city_id', data: whole(({ city }) => city ?? 1), type: 'INT32' as const },
    { name: 'store_id', data: whole(({ store }) => store), type: 'INT32' as const },
    ...['first_category_id', 'second_category_id', 'third_category_id'].map((column) => ({
      name: column,
      data: whole(() => 3),
      type: 'INT32' as const,
    })),
    { name: 'product_id', data: whole(({ product }) => product), type: 'INT32' as const },
    { name: 'dt', data: rows.map((row) => row.day), type: 'STRING' as const },
    { name: 'hours_sale', data: rows.map(({ sales }) => sales ?? day((hour) => hour)) },
    { name: 'hours_stock_status', data: rows.map(({ out }) => out ?? day(() => 0)) },
    {
      name: 'discount',
      data: rows.map(({ discount }) => (discount === undefined ? 1 : discount)),
      type: 'DOUBLE' as const,
    },
    ...['holiday_flag', 'activity_flag'].map((column) => ({
      name: column,
      data: whole(() => 0),
      type: 'INT32' as const,
    })),
    ...['precpt', 'avg_temperature', 'avg_humidity', 'avg_wind_level'].map((column) => ({
      name: column,
      data: whole(() => 20),
      type: 'DOUBLE' as const,
    })),
  ].filter((column) => !leaveOut.includes(column.name))
  const typeOf = (cell: Cell | undefined): Pick<SchemaElement, 'type' | 'converted_type'> =>
    typeof cell === 'bigint'
      ? { type: 'INT64' }
      : typeof cell === 'string'
        ? { type: 'BYTE_ARRAY', converted_type: 'UTF8' }
        : { type: 'DOUBLE' }
  const list = (column: string, cell: Cell | undefined): SchemaElement[] => [
    {
      name: column,
      repetition_type: 'OPTIONAL' as const,
      num_children: 1,
      converted_type: 'LIST' as const,
    },
    { name: 'list', repetition_type: 'REPEATED' as const, num_children: 1 },
    { name: 'element', repetition_type: 'OPTIONAL' as const, ...typeOf(cell) },
  ]
  const physical = { INT32: 'INT32', DOUBLE: 'DOUBLE', STRING: 'BYTE_ARRAY' } as const
  parquetWriteFile({
    filename: path,
    columnData: columns.map(({ name: column, data }) => ({ name: column, data })),
    schema: [
      { name: 'root', num_children: columns.length },
      ...columns.flatMap((column): SchemaElement[] =>
        'type' in column
          ? [
              {
                name: column.name,
                type: physical[column.type],
                repetition_type: 'OPTIONAL' as const,
                ...(column.type === 'STRING' ? { converted_type: 'UTF8' as const } : {}),
              },
            ]
          : list(column.name, column.data[0]?.[0]),
      ),
    ],
  })
  return path
}

test('rows become series on one grid, gaps and null hours are unknown', async () => {
  const path = write('one.parquet', [
    { store: 7, product: 1, day: '2024-06-01' },
    { store: 7, product: 1, day: '2024-06-03', out: day((hour) => (hour === 5 ? 1 : 0)) },
    {
      store: 8,
      product: 2,
      day: '2024-06-02',
      discount: 0.5,
      sales: day((hour) => (hour < 6 ? 2 : null)),
      out: day((hour) => (hour < 6 ? 0 : null)),
    },
  ])
  const history = await readRetailHistory(path)
  expect(history.from).toBe(Date.UTC(2024, 5, 1))
  expect(history.hours).toBe(72)
  const [first, second] = history.series
  expect(first).toMatchObject({ site: '7', product: '1', statics: { region: '1', category1: '3' } })
  expect(first!.value[23]).toBe(23)
  expect(first!.value[30]).toBeNaN()
  expect(first!.value[48 + 4]).toBe(4)
  expect(first!.outMinutes[48 + 5]).toBe(60)
  expect(second!.value[24 + 5]).toBe(2)
  expect(second!.value[24 + 6]).toBeNaN()
  expect([...second!.known.discount!.values]).toEqual([0.5, 0.5, 0.5])
})

test('a folder is read as one history, days after the end and excluded rows are left out', async () => {
  write('a.parquet', [{ store: 1, product: 1, day: '2024-06-01' }])
  write('b.parquet', [
    { store: 1, product: 1, day: '2024-06-02' },
    { store: 1, product: 1, day: '2024-06-03' },
    { store: 2, product: 1, day: '2024-06-01', city: 5 },
  ])
  const history = await readRetailHistory(folder, {
    until: Date.UTC(2024, 5, 3),
    exclude: { column: 'city_id', values: new Set(['5']) },
  })
  expect(history.hours).toBe(48)
  expect(history.series.map(({ site }) => site)).toEqual(['1'])
  expect(history.series[0]!.value[24 + 7]).toBe(7)
})

test('what is wrong with a file is said in words', async () => {
  const said = async (path: string): Promise<string> =>
    readRetailHistory(path).then(
      () => 'nothing',
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'RT_FILE_UNREADABLE' })
        return String(error)
      },
    )
  expect(await said(join(folder, 'none.parquet'))).toContain('no such file')
  const broken = join(folder, 'broken.parquet')
  await writeFile(broken, 'not a table')
  expect(await said(broken)).toContain('no whole Parquet file')
  const rows: Row[] = [{ store: 1, product: 1, day: '2024-06-01' }]
  expect(await said(write('short.parquet', rows, ['hours_stock_status', 'discount']))).toContain(
    'no column hours_stock_status, discount',
  )
  const negative = [{ ...rows[0]!, sales: day((hour) => (hour === 3 ? -1 : 0)) }]
  expect(await said(write('negative.parquet', negative))).toContain('cannot be negative')
  const short = [{ ...rows[0]!, sales: [1, 2] }]
  expect(await said(write('list.parquet', short))).toContain('no list of 24 hours')
  const words = [{ ...rows[0]!, sales: Array.from({ length: 24 }, () => 'few') }]
  expect(await said(write('words.parquet', words))).toContain('holds "few", which is no number')
})

test('whole numbers of 64 bits, which many programs write, are read like others', async () => {
  const whole = (value: (hour: number) => number): bigint[] =>
    Array.from({ length: 24 }, (_, hour) => BigInt(value(hour)))
  const path = write('wide.parquet', [
    {
      ...{ store: 7, product: 1, day: '2024-06-01' },
      sales: whole((hour) => hour),
      out: whole((hour) => (hour === 5 ? 1 : 0)),
    },
  ])
  const { series } = await readRetailHistory(path)
  expect([...series[0]!.value.subarray(4, 7)]).toEqual([4, 5, 6])
  expect([...series[0]!.outMinutes.subarray(4, 7)]).toEqual([0, 60, 0])
})
