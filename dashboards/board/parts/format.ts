const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const tenth = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

export function units(value: number | null): string {
  return value === null ? '–' : tenth.format(value)
}

export function count(value: number): string {
  return value < 10_000 ? whole.format(value) : compact.format(value)
}

export function percent(share: number | null): string {
  if (share === null) return '–'
  if (share > 0.99) return '> 99 %'
  return share < 0.01 ? '< 1 %' : `${whole.format(share * 100)} %`
}

/** Money is in minor units of the installation's one currency. */
export function money(minor: number): string {
  return (minor / 100).toFixed(2).replace('-', '−')
}

export function celsius(value: number): string {
  return `${value.toFixed(1).replace('-', '−')} °C`
}

export function hoursLeft(hours: number | null): string {
  if (hours === null) return '> 12 h'
  if (hours === 0) return 'now'
  return hours < 1 ? `${whole.format(hours * 60)} min` : `${hours.toFixed(1)} h`
}

/** A length of time in its two largest units. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60)
    return `${minutes} min${seconds % 60 > 0 && minutes < 10 ? ` ${seconds % 60} s` : ''}`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h${minutes % 60 > 0 ? ` ${minutes % 60} min` : ''}`
  return `${Math.floor(hours / 24)} d`
}

export function clockTime(at: number | string | null, timeZone: string): string {
  if (at === null) return '–'
  return new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' }).format(
    new Date(at),
  )
}

export function clockSeconds(at: number | string, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(new Date(at))
}

export function dayAndTime(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }).format(new Date(at))
}
