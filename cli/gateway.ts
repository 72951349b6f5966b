import type { Command } from 'commander'
import type { GatewayOptions } from './gateway/run.ts'

/** `larder gateway`: an edge gateway, which keeps what its store's devices send and forwards it to a hub. */
export function registerGateway(program: Command): void {
  program
    .command('gateway')
    .description(
      'Start an edge gateway: it keeps what the devices of one site send, and forwards it to a hub.',
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
Example:
  at the hub:   larder devices add s1/edge-1 --kind gateway
                larder devices export --site s1 --out s1.json
  at the store: larder devices import s1.json --data ./edge
                larder gateway --uplink mqtts://hub:8883 --site s1 --name edge-1 --password-file edge-1.password --data ./edge

All other settings: larder settings describe`,
    )
    .action(async (options: GatewayOptions) => (await import('./gateway/run.ts')).run(options))
}
