import type { Settings } from '../../config/index.ts'

/** Which of the two stores are files of the data folder. */
export function storesHere({
  operations,
}: Pick<Settings, 'operations'>): readonly ('series.db' | 'operations.db')[] {
  return operations.url === '' ? ['series.db', 'operations.db'] : ['series.db']
}
