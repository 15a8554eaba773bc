/** What an officer gives out of a house's ledger, checked as who gets it checks it, and read. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type House, officerAnswers } from './house.ts';

const run = promisify(execFile);
const verifier = fileURLToPath(new URL('../../src/records/records-verify.mjs', import.meta.url));

export interface GivenRecord {
  readonly number: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Writes a bag into `bag`, through the command line, as an officer does it. */
export async function exportTo(
  bag: string,
  { bridge, officerKey }: Pick<House, 'bridge' | 'officerKey'>,
  args: readonly string[] = [],
): Promise<void> {
  await bridge.command(
    ['records', 'export', '--key', officerKey, '--out', bag, '--answers', '-', ...args],
    officerAnswers,
  );
}

/** Runs the verifier by itself: what it told, and its exit code. */
export async function verified(bag: string): Promise<{ readonly code: number; readonly told: string }> {
  try {
    return { code: 0, told: (await run(process.execPath, [verifier, bag])).stdout };
  } catch (thrown) {
    const { code, stderr } = thrown as { readonly code: number; readonly stderr: string };
    return { code, told: stderr };
  }
}

/** In order. */
export const recordsIn = (bag: string): GivenRecord[] =>
  readFileSync(join(bag, 'data/records.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly number: number; readonly disclosures: readonly string[] })
    .map(({ number, disclosures }) => ({ number, fields: Object.fromEntries(disclosures.map(fieldOf)) }));

function fieldOf(disclosure: string): [name: string, value: unknown] {
  const [, name, value] = JSON.parse(Buffer.from(disclosure, 'base64url').toString()) as [string, string, unknown];
  return [name, value];
}
