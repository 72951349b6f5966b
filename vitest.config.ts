import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Where to write what ran, for whoever counts it (.ci/run). */
const reportFolder = process.env.LARDER_TEST_REPORTS

const exclude = ['**/node_modules/**', 'dist/**']

/** Worker threads and child processes load compiled JavaScript: `npm run build` comes first for all but `unit`. */
export default defineConfig({
  test: {
    reporters: reportFolder
      ? ['default', ['json', { outputFile: join(reportFolder, `${process.pid}.json`) }]]
      : ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          // One module graph for all files: loading it again for each took longer than the tests.
          pool: 'threads',
          isolate: false,
          sequence: { groupOrder: 0 },
          include: ['*/**/*.test.ts'],
          exclude: [...exclude, 'test/**', '**/*.live.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'e2e',
          sequence: { groupOrder: 1 },
          include: ['test/e2e/**/*.test.ts'],
          exclude,
          testTimeout: 180_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'browser',
          sequence: { groupOrder: 2 },
          include: ['test/browser/**/*.test.ts'],
          exclude,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
        },
      },
      {
        test: {
          name: 'live',
          sequence: { groupOrder: 3 },
          include: ['**/*.live.test.ts'],
          exclude,
          testTimeout: 180_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
        },
      },
      {
        test: {
          name: 'native',
          sequence: { groupOrder: 4 },
          include: ['test/native/**/*.test.ts'],
          exclude,
          testTimeout: 180_000,
          maxWorkers: 1,
        },
      },
      {
        test: {
          name: 'torture',
          sequence: { groupOrder: 5 },
          include: ['test/torture/**/*.test.ts'],
          exclude,
          testTimeout: process.env.LARDER_TORTURE === 'long' ? 12 * 3_600_000 : 300_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
        },
      },
    ],
  },
})
