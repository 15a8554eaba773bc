/**
 * One demo at a time in one folder. The claim is a socket without a file (Linux's abstract names), so it ends with the
 * process however that ends, and is never stale.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { Refusal } from './refusal.ts';

export interface Claim {
  release(): Promise<void>;
}

/** Throws `Refusal` naming the process that has the folder. */
export async function claim(folder: string): Promise<Claim> {
  const address = `\0chancery-demo-${createHash('sha256').update(folder).digest('hex')}`;
  const server = createServer((asking) => {
    asking.on('error', () => asking.destroy());
    asking.end(String(process.pid));
  });
  server.listen(address);
  try {
    await once(server, 'listening');
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE')) throw thrown;
    const holder = await holderOf(address);
    throw new Refusal(
      `A demo is already running in ${folder} (process ${holder}). Go on there, or end it with Ctrl-C or \`kill ${holder}\`.`,
      { cause: thrown },
    );
  }
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

async function holderOf(address: string): Promise<string> {
  try {
    return await text(connect(address));
  } catch {
    return 'unknown';
  }
}
