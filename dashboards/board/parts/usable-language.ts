/** Chromium without a locale calls its language `en-US@posix`, which Intl refuses; uPlot gives it to Intl as it is loaded. */
export function isUsableLanguage(tag: string): boolean {
  try {
    Intl.getCanonicalLocales(tag)
    return true
  } catch {
    return false
  }
}

if (!isUsableLanguage(navigator.language)) {
  Object.defineProperty(navigator, 'language', { value: 'en-GB', configurable: true })
}
