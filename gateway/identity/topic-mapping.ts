import {
  derivedDevice,
  isName,
  matchTopic,
  type DevicePath,
  type TopicMapping,
} from '../../domain/index.ts'

/** Why a topic that a mapping names is nobody's. */
export type MappingRefusal = 'mapping-bad-name' | 'mapping-foreign-site'

/**
 * The device that a bridge's topic speaks for, by the first pattern that matches; null where none does. `site` is that of the
 * bridge's credential, beyond which it speaks for nobody; null: any.
 */
export function mapTopic(
  mappings: readonly TopicMapping[],
  site: string | null,
  topic: string,
): DevicePath | MappingRefusal | null {
  for (const mapping of mappings) {
    const matched = matchTopic(mapping.pattern, topic)
    if (!matched) continue
    const path = { site: fill(mapping.site, matched), device: fill(mapping.device, matched) }
    if (!isName(path.site) || !isName(path.device) || path.device === derivedDevice)
      return 'mapping-bad-name'
    return site === null || path.site === site ? path : 'mapping-foreign-site'
  }
  return null
}

/** What a `+` matched; the address `CB:B8:33` is the name `CB-B8-33`, `living room` is `living-room`, and `Kühlraum` is `Kuhlraum`. */
function fill(name: string, matched: readonly string[]): string {
  return name.replaceAll(/\{(\d)\}/g, (_, number: string) => {
    const found = (matched[Number(number) - 1] ?? '').replaceAll(/[ :.]/g, '-')
    return isName(found) ? found : found.normalize('NFKD').replaceAll(/\p{Mark}/gu, '')
  })
}
