/** `chancery keygen`: writes a new key for the database, where there is none yet. */
import { resolve } from 'node:path';
import { ChanceryError } from '../base/errors.ts';
import { makeKeyFile } from '../vault/database-key.ts';
import { readConfiguration } from './configuration.ts';

interface KeygenOptions {
  readonly config: string;
  readonly output?: string;
}

export async function keygen({ config: path, output }: KeygenOptions): Promise<void> {
  const target = output === undefined ? (await readConfiguration(path)).data.key_file : resolve(output);
  if (target === undefined) {
    const detail = 'data.key_file is not set. Set it, or name the file with --output.';
    throw new ChanceryError('CH-COMMAND-INVALID', { place: path, detail });
  }
  await makeKeyFile(target);
  process.stdout.write(
    `Wrote ${target}, readable by its owner only.\n` +
      'Keep a copy in another safe place: without this key nobody can open the database.\n',
  );
}
