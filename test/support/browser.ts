import { existsSync } from 'node:fs'
import { chromium as driver, type Browser } from 'playwright-core'

const installed = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

interface BrowserChoice {
  readonly executablePath: string
  readonly args: readonly string[]
}

/** `LARDER_CHROMIUM` first; on Linux x64 the one that lies in an npm package; elsewhere an installed Chrome or Chromium. */
async function chooseBrowser(): Promise<BrowserChoice | null> {
  const named = process.env.LARDER_CHROMIUM
  if (named !== undefined && named !== '') return { executablePath: named, args: [] }
  if (process.platform === 'linux' && process.arch === 'x64') {
    const { default: packed } = await import('@sparticuz/chromium')
    // One process for all would end the browser with its first page.
    const args = packed.args.filter((one) => one !== '--single-process' && one !== '--no-zygote')
    return { executablePath: await packed.executablePath(), args }
  }
  const found = installed.find((path) => existsSync(path))
  return found === undefined ? null : { executablePath: found, args: [] }
}

function definedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  )
}

/** With `hasLocale` false as in a container: Chromium calls its language `en-US@posix`. Null, and a line on stderr that cannot be overlooked, where this machine has no Chromium. */
export async function launchBrowser(hasLocale = true): Promise<Browser | null> {
  const choice = await chooseBrowser()
  if (choice === null) {
    process.stderr.write(
      '\n*** SKIPPED: no Chrome or Chromium found, so no browser test ran. Install one, or set LARDER_CHROMIUM to its path. ***\n\n',
    )
    return null
  }
  return driver.launch({
    executablePath: choice.executablePath,
    args: hasLocale ? [...choice.args, '--lang=en-US'] : [...choice.args],
    env: hasLocale
      ? { ...definedEnv(), LANG: 'en_US.UTF-8' }
      : { ...definedEnv(), LANG: 'C', LC_ALL: 'C', LANGUAGE: '' },
    headless: true,
    timeout: 60_000,
  })
}
