/** Master data as CSV for `POST /v1/imports`: a column for every field that a row has, nested fields as JSON in their cell. */
export function masterCsv(rows: readonly object[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const lines = rows.map((row) => {
    const fields = row as Readonly<Record<string, unknown>>
    return columns.map((column) => cell(fields[column])).join(',')
  })
  return `${columns.join(',')}\n${lines.join('\n')}\n`
}

function cell(value: unknown): string {
  if (value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
