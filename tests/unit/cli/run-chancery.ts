/** Runs the command as a person would, and tells what it printed and how it ended. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const main = resolve(import.meta.dirname, '../../../src/cli/main.ts');

export async function chancery(
  args: readonly string[],
  { env = {}, input = '' }: { env?: Record<string, string>; input?: string } = {},
): Promise<Ended> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [main, ...args], { env: { PATH, ...env } });
  const ended = new Promise<number | null>((done) => child.once('close', done));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}
