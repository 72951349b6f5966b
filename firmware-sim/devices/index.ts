/**
 * The devices: take what happens in the city, give MQTT messages in plain JSON, each device on its own connection with its own
 * credential, Will, seq and boot. Promise that a message is kept until its PUBACK, and that what a full outbox dropped is counted.
 */
export * from './device-message.ts'
export * from './fleet.ts'
export * from './fleet-links.ts'
