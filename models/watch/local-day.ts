const formats = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone, year: 'numeric', month: '2-digit', day: '2-digit' },
  })

/** `2026-11-22`, by the clock of the zone. */
export function localDay(at: number, timeZone: string): string {
  return formats(timeZone).format(at)
}
