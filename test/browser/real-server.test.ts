import { connectAsync } from 'mqtt'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { startLarder, temporaryFolder, type LarderProcess } from '../support/larder-process.ts'

const browser: Browser | null = await launchBrowser()

describe.skipIf(browser === null)('larder up in a real browser', () => {
  const folder = temporaryFolder('real-board')
  let larder: LarderProcess
  beforeAll(async () => {
    larder = await startLarder(folder.path)
  })
  afterAll(async () => {
    await browser?.close()
    await larder.kill()
    folder.remove()
  })

  const openPage = async (
    path: string,
    viewport: { readonly width: number; readonly height: number },
  ) => {
    const complaints: string[] = []
    const context = await browser!.newContext({
      viewport,
      extraHTTPHeaders: { authorization: `Bearer ${larder.ownerKey}` },
    })
    const page = await context.newPage()
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(larder.url + path)
    return { page, complaints }
  }

  test('a reading published over MQTT shows within 2 s, without a reload, on a phone', async () => {
    const added = await larder.request('POST', '/v1/devices', {
      site: 'corner',
      device: 'fridge-1',
      kind: 'probe',
    })
    expect(added.status).toBe(201)
    const login = added.body as { clientId: string; username: string; password: string }
    const { page, complaints } = await openPage('/', { width: 375, height: 812 })
    await page.waitForSelector('.health li')
    await page.evaluate('window.isFirstLoad = true')

    const client = await connectAsync({ host: '127.0.0.1', port: larder.mqttPort, ...login })
    const row = page.locator('[data-series="corner/fridge-1/celsius"]')
    for (const celsius of [4.25, 9.5]) {
      const publishedAt = performance.now()
      await client.publishAsync(
        'v1/corner/fridge-1/telemetry',
        JSON.stringify({ values: { celsius } }),
        { qos: 1 },
      )
      await row.filter({ hasText: `${celsius} °C` }).waitFor({ timeout: 2_000 })
      expect(performance.now() - publishedAt).toBeLessThan(2_000)
    }
    await client.endAsync()

    expect(await page.locator('[data-probe="corner/fridge-1"]').textContent()).toContain('9.5 °C')
    expect(await page.evaluate('window.isFirstLoad')).toBe(true)
    expect(
      await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      ),
    ).toBe(0)
    expect(complaints).toEqual([])
  })

  test('the page of the API renders under the policy of the server', async () => {
    const { page, complaints } = await openPage('/docs', { width: 1280, height: 800 })
    await page.waitForSelector('.opblock-summary-path')
    expect(await page.locator('.opblock').count()).toBeGreaterThan(30)
    expect(complaints).toEqual([])
  })
})
