import type { Settings } from '../../config/index.ts'

/** Which of the two stores are files of the data folder. */
export function storesHere({
  operations,
  series,
}: Pick<Settings, 'operations' | 'series'>): readonly ('series.db' | 'operations.db')[] {
  return [
    ...(series.url === '' ? (['series.db'] as const) : []),
    ...(operations.url === '' ? (['operations.db'] as const) : []),
  ]
}
