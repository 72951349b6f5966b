import type { Command } from 'commander'
import type { GatewayOptions } from './gateway/run.ts'

/**
 * `larder gateway`: with an uplink an edge gateway, which keeps what its store's devices send and forwards it to a hub; without
 * one a gateway of the hub, whose log is Kafka.
 */
export function registerGateway(program: Command): void {
  program
    .command('gateway')
    .description(
      'Start a gateway: with --uplink one of a store, which keeps what its devices send and forwards it; else one of the hub.',
    )
    .option(
      '--uplink <url>',
      'the hub: mqtts://host:8883, or mqtt://host:1883 in a protected network',
    )
    .option('--site <site>', 'site that this gateway speaks for')
    .option('--name <name>', 'its own name at that site, as registered at the hub')
    .option('--password-file <file>', 'file with its password at the hub')
    .option('--ca <file>', 'PEM file of the authority that signed the certificate of the hub')
    .option('--cert <file>', 'PEM file of the certificate that it shows the hub')
    .option('--key <file>', 'PEM file of the key of that certificate')
    .option('--data <dir>', 'folder of its log, registry and keys (default ./data)')
    .option('--mqtt <port>', 'port for devices (default 1883; 0: a free one)')
    .option('--http <port>', 'port of its API (default 8080; 0: a free one)')
    .option('--config <file>', 'settings file (default: larder.yaml where there is one)')
    .addHelpText(
      'after',
      `
Examples:
  larder gateway --mqtt 1883 --http 8081      at the hub: messageLog.brokers and operations.url say where its log and registry are

  at the hub:   larder devices add s1/edge-1 --kind gateway
                larder devices export --site s1 --out s1.json
  at the store: larder devices import s1.json --data ./edge
                larder gateway --uplink mqtts://hub:8883 --site s1 --name edge-1 --password-file edge-1.password --data ./edge

All other settings: larder settings describe`,
    )
    .action(async (options: GatewayOptions) => {
      const { isOfHub, run } = await import('./gateway/run.ts')
      if (isOfHub(options)) await (await import('./stages/gateway.ts')).runHubGateway(options)
      else await run(options)
    })
}
