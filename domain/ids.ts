import { LarderError } from './errors.ts'

/** Site and device names; no dot, because the MQTT client id joins the two with one. */
export const namePattern = '^[A-Za-z0-9_-]{1,64}$'
/** Ids of master data and decisions. */
export const idPattern = '^[A-Za-z0-9._:-]{1,128}$'

const name = new RegExp(namePattern)

export function isName(text: string): boolean {
  return name.test(text)
}

/** GS1 mod-10 check digit of the digits before it (GS1 General Specifications 7.9.1). */
export function gs1CheckDigit(digits: string): number {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48
    sum += i % 2 === 0 ? digit * 3 : digit
  }
  return (10 - (sum % 10)) % 10
}

/** GTIN-8, -12, -13 or -14 as GTIN-14: right-justified, check digit verified. Null where it is none. */
export function normaliseGtin(text: string): string | null {
  if (!/^(\d{8}|\d{12,14})$/.test(text)) return null
  const gtin = text.padStart(14, '0')
  return gs1CheckDigit(gtin.slice(0, 13)) === Number(gtin[13]) ? gtin : null
}

/**
 * A GTIN-14 for a product without one, from the range GS1 keeps for use inside a company
 * (restricted circulation numbers, prefix 20-29; GS1 General Specifications 2.1.11). The same id gives the same number.
 */
export function restrictedGtin(productId: string): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(productId)) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
  }
  const digits = `02${(hash % 100_000_000_000n).toString().padStart(11, '0')}`
  return digits + String(gs1CheckDigit(digits))
}

/** `site/device` or `site/device/channel` as its parts. */
export function parseDevicePath(path: string): {
  site: string
  device: string
  channel: string | null
} {
  const parts = path.split('/')
  const [site = '', device = '', channel = null] = parts
  if (parts.length > 3 || !isName(site) || !isName(device)) {
    throw new LarderError(
      'RT_REQUEST_INVALID',
      `"${path}" is not a device: write SITE/DEVICE with letters, digits, - and _ (64 at most each).`,
    )
  }
  return { site, device, channel }
}
