import { isIP } from 'node:net'

const loopbackNames = ['localhost', '127.0.0.1', '::1']
const wildcards = ['0.0.0.0', '::', '']

/** A host name out of a Host header or a settings value: lower case, without port, brackets and final dot. */
export function hostName(text: string): string {
  const trimmed = text.trim().toLowerCase()
  const bracketed = /^\[([^\]]*)\](:\d+)?$/.exec(trimmed)
  if (bracketed) return bracketed[1] ?? ''
  if (isIP(trimmed) === 6) return trimmed
  return trimmed.replace(/:\d*$/, '').replace(/\.$/, '')
}

export function isLoopback(host: string): boolean {
  const name = hostName(host)
  return loopbackNames.includes(name) || (isIP(name) === 4 && name.startsWith('127.'))
}

/** A loopback peer address of a socket, IPv4 mapped into IPv6 included. */
export function isLoopbackAddress(address: string): boolean {
  return isLoopback(address.replace(/^::ffff:/i, ''))
}

/**
 * Which Host headers are answered. A page on another site can point its own name at 127.0.0.1 (DNS rebinding):
 * names are therefore allowed one by one. Addresses written as numbers cannot be rebound and pass where Larder listens beyond loopback.
 */
export function createHostCheck(options: {
  readonly boundHost: string
  readonly allowedHosts: readonly string[]
}): (header: string | undefined) => boolean {
  const bound = hostName(options.boundHost)
  const allowed = new Set([...loopbackNames, bound, ...options.allowedHosts.map(hostName)])
  for (const wildcard of wildcards) allowed.delete(wildcard)
  const takesAddresses = !isLoopback(bound)
  return (header) => {
    if (header === undefined) return false
    const name = hostName(header)
    return allowed.has(name) || (takesAddresses && isIP(name) !== 0)
  }
}
