import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mkdtemp } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { startFakeApi, type FakeApi } from '../support/fake-api.ts'

const panels = [
  'run-out',
  'forecast-fan',
  'transfers',
  'slots',
  'cold-rooms',
  'alarms',
  'device-health',
  'live-readings',
]
const boardFolder = 'dist/board'

const browser: Browser | null = await launchBrowser()

describe.skipIf(browser === null)('the board in a real browser', () => {
  const complaints: string[] = []
  const open: { close(): Promise<void> }[] = []
  let shots = ''

  async function openBoard(
    api: FakeApi,
    size: { readonly width: number; readonly height: number },
    colorScheme: 'light' | 'dark' = 'light',
  ): Promise<Page> {
    const page = await browser!.newPage({ viewport: size, colorScheme, locale: 'en-GB' })
    open.push(page)
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(api.url)
    await page.waitForSelector('[data-panel="alarms"] li, [data-panel="run-out"] .empty')
    return page
  }
  async function startApi(options: Partial<Parameters<typeof startFakeApi>[0]> = {}) {
    const api = await startFakeApi({ boardFolder, ...options })
    open.unshift(api)
    return api
  }

  beforeAll(async () => {
    shots = await mkdtemp(join(tmpdir(), 'larder-board-'))
  })
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close()
    complaints.length = 0
  })
  afterAll(() => browser?.close())

  it.each([
    ['a wall screen', 1440, 900, 'light'],
    ['a wall screen at night', 1440, 900, 'dark'],
    ['a laptop', 1280, 800, 'light'],
    ['a phone', 375, 812, 'light'],
  ] as const)(
    'shows every panel on %s, without an error and without sideways scrolling',
    async (name, width, height, scheme) => {
      const page = await openBoard(await startApi(), { width, height }, scheme)
      await page.waitForSelector('[data-panel="forecast-fan"] canvas')
      for (const panel of panels) {
        expect(await page.locator(`[data-panel="${panel}"] h2`).count(), panel).toBe(1)
      }
      for (const row of ['data-stock', 'data-transfer', 'data-slot', 'data-probe', 'data-device']) {
        expect(await page.locator(`[${row}]`).count(), row).toBeGreaterThan(5)
      }
      expect(await page.locator('[data-problem="gateway"]').textContent()).toContain('old password')
      const overflow = await page.evaluate<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      expect(overflow).toBe(0)
      await page.screenshot({ path: join(shots, `${name.replaceAll(' ', '-')}.png`) })
      expect(complaints).toEqual([])
    },
  )

  it('says who forecasts and why, and how each forecaster does, the best first', async () => {
    const page = await openBoard(await startApi(), { width: 375, height: 812 })
    await page.locator('.forecasters summary').click()
    const panel = page.locator('.forecasters')
    expect(await panel.locator('p').allTextContents()).toEqual([
      'serving m-20261114-0900 It is the best.',
    ])
    expect(await panel.locator('tbody tr').allTextContents()).toEqual([
      'm-20261114-09000.203−1.2 %90.5 %960',
      '28 days’ spread0.2413.1 %88.0 %960',
      'smoothed 28 days–––960',
    ])
    await page.screenshot({ path: join(shots, 'forecasters.png') })
    expect(complaints).toEqual([])
  })

  it('a reading that is pushed shows within two seconds, without a reload', async () => {
    const api = await startApi()
    const page = await openBoard(api, { width: 1280, height: 800 })
    const first = api.city.readings[0]!
    const pushedAt = performance.now()
    api.pushReadings([
      { ...first, device: 'my-own-1', channel: 'celsius', gtin: null, value: 5.25 },
    ])
    const row = page.locator(`[data-series="${first.site}/my-own-1/celsius"]`)
    await row.waitFor({ timeout: 2_000 })
    expect(performance.now() - pushedAt).toBeLessThan(2_000)
    expect(await row.textContent()).toContain('5.25 °C')
  })

  it('comes back by itself after the stream broke, and says meanwhile that its data is old', async () => {
    const api = await startApi()
    const page = await openBoard(api, { width: 1280, height: 800 })
    api.dropStreams()
    await page.waitForSelector('.is-stale')
    await page.waitForSelector('.board:not(.is-stale)', { timeout: 10_000 })
    const reading = { ...api.city.readings[0]!, device: 'after-1', channel: 'units', gtin: null }
    api.pushReadings([reading])
    await page.waitForSelector(`[data-series="${reading.site}/after-1/units"]`)
  })

  it('a transfer is approved in one step by who may write, and by nobody else', async () => {
    const api = await startApi({ canWrite: true })
    const page = await openBoard(api, { width: 1280, height: 800 })
    await page.locator('[data-transfer="t-1"] button', { hasText: 'Approve' }).click()
    await page.waitForSelector('[data-transfer="t-1"].approved')
    expect(api.decisions).toEqual(['t-1/approve'])
    const readOnly = await openBoard(await startApi(), { width: 1280, height: 800 })
    expect(await readOnly.locator('[data-transfer] button', { hasText: 'Approve' }).count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('one panel that fails says so, and every other goes on', async () => {
    const api = await startApi()
    const page = await openBoard(api, { width: 1280, height: 800 })
    api.pushChange('transfers', 't-broken', { id: 't-broken', status: 'proposed', saves: 1 })
    const failed = page.locator('[data-panel="transfers"] [role="alert"]')
    await failed.waitFor({ timeout: 5_000 })
    expect(await failed.textContent()).toContain('“Transfers and their reasons” could not be drawn')
    const reading = { ...api.city.readings[0]!, device: 'after-2', channel: 'units', gtin: null }
    api.pushReadings([reading])
    await page.waitForSelector(`[data-series="${reading.site}/after-2/units"]`)
    for (const panel of panels) {
      expect(await page.locator(`[data-panel="${panel}"] h2`).count(), panel).toBe(1)
    }
  })

  it('starts in a browser whose language Intl does not know', async () => {
    const bare = await launchBrowser(false)
    try {
      const api = await startApi()
      const page = await bare!.newPage()
      page.on('pageerror', (error) => complaints.push(error.message))
      await page.addInitScript('window.languageAsTold = navigator.language')
      await page.goto(api.url)
      await page.waitForSelector('[data-panel="forecast-fan"] canvas')
      expect(await page.evaluate('window.languageAsTold')).toBe('en-US@posix')
      expect(complaints).toEqual([])
    } finally {
      await bare?.close()
    }
  })

  it('an empty installation says what it waits for', async () => {
    const api = await startApi({ empty: true, training: true })
    const page = await openBoard(api, { width: 375, height: 812 })
    await page.waitForSelector('progress')
    const text = (await page.textContent('body')) ?? ''
    expect(text).toContain('training: 40 s left')
    expect(text).toContain('No stock position yet')
    expect(complaints).toEqual([])
  })
})
