/** Ports that a former start chose and wrote down must still be free; else it is said whose they were and what to do. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Refusal } from './refusal.ts';

const owners: Readonly<Record<string, string>> = {
  port: 'the homeserver',
  appservicePort: 'the bridge (for the homeserver)',
  webhookPort: 'the bridge (for WhatsApp)',
  graphPort: 'the WhatsApp simulator',
};

/** Throws `Refusal` naming the first port that somebody else took. */
export async function checkRememberedPorts(folder: string): Promise<void> {
  for (const file of [join(folder, 'synapse', 'kept.json'), join(folder, 'house.json')])
    for (const [name, port] of Object.entries(portsIn(file))) {
      if (await isFree(port)) continue;
      throw new Refusal(
        `Port ${port}, which ${owners[name] ?? 'this demo'} had at an earlier start, is taken by another program. ` +
          'End that program, or choose new ports by starting over: npm run demo -- --reset',
      );
    }
}

function portsIn(file: string): Readonly<Record<string, number>> {
  if (!existsSync(file)) return {};
  const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const ports = Object.entries(kept ?? {}).filter(
    (entry): entry is [string, number] => entry[0] in owners && typeof entry[1] === 'number',
  );
  return Object.fromEntries(ports);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
