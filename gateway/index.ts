/**
 * The MQTT gateway. Takes messages of devices that have a credential, under their own path only; gives them to the message log,
 * and promises that what it acknowledges is durable, and that nobody reads or speaks for another.
 */
export * from './gateway.ts'
export * from './uplink/start-uplink.ts'
