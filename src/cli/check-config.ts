/** `chancery check-config`: says ok, or every problem of the configuration at once. Starts and changes nothing. */
import { readConfiguration } from './configuration.ts';

export async function checkConfig({ config: path }: { readonly config: string }): Promise<void> {
  const { homeserver, networks } = await readConfiguration(path);
  const started = Object.keys(networks).join(', ') || 'none';
  process.stdout.write(`${path}: ok (homeserver ${homeserver.server_name}; networks: ${started})\n`);
}
