/** What an edge node or a host application says: births, data and deaths of nodes and devices, commands, the state of a host. */
const types = [
  ...(['NBIRTH', 'NDATA', 'NDEATH', 'NCMD'] as const),
  ...(['DBIRTH', 'DDATA', 'DDEATH', 'DCMD'] as const),
] as const
type MessageType = (typeof types)[number] | 'STATE'

export interface SparkplugTopic {
  readonly type: MessageType
  readonly group: string
  readonly node: string
  /** Null for the edge node itself. */
  readonly device: string | null
}

export const sparkplugPrefix = 'spBv1.0/'

/** `spBv1.0/{group}/{type}/{node}[/{device}]` or `spBv1.0/STATE/{host}`; null for every other topic. */
export function parseSparkplugTopic(topic: string): SparkplugTopic | null {
  const [version, group = '', type = '', node = '', device, ...more] = topic.split('/')
  if (version !== 'spBv1.0' || group === '' || more.length > 0) return null
  if (group === 'STATE') return { type: 'STATE', group: '', node: type, device: null }
  const known = types.find((one) => one === type)
  const isOfDevice = device !== undefined && device !== ''
  if (known === undefined || node === '' || known.startsWith('D') !== isOfDevice) return null
  return { type: known, group, node, device: isOfDevice ? device : null }
}

/** Where an edge node listens for commands. */
export const commandTopicOf = ({ group, node }: Pick<SparkplugTopic, 'group' | 'node'>): string =>
  `${sparkplugPrefix}${group}/NCMD/${node}`
