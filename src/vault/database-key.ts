/**
 * The 32-byte key of the database: read from a place outside the configuration, never printed, and never taken from a
 * file that others could read.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';
import { keyBytes } from './derive-key.ts';
import { readSecretFile } from './secret-file.ts';

export const databaseKeyVariable = 'CHANCERY_DATABASE_KEY';
export const databaseKeyCredential = 'chancery-database-key';

export interface DatabaseKeyPlaces {
  /** `data.key_file` of the configuration. When it is set it is the only place that counts. */
  readonly keyFile?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const expected = 'Expected 32 bytes as 64 hex digits or as base64, as `chancery keygen` writes them.';

/**
 * The key from `keyFile`, else from the systemd credential `chancery-database-key`, else from CHANCERY_DATABASE_KEY.
 * Throws `CH-SECRET-MISSING` with every place that was looked at, `CH-SECRET-INVALID` with the place that is wrong.
 */
export async function readDatabaseKey({ keyFile, environment }: DatabaseKeyPlaces): Promise<Uint8Array> {
  if (keyFile !== undefined) {
    const text = await readSecretFile(keyFile, { guarded: true, expected });
    if (text === undefined) throw missing([`the file ${keyFile} (data.key_file), which does not exist`]);
    return decodeKey(text, keyFile);
  }
  const looked = ['data.key_file, which is not set'];
  const credentials = environment['CREDENTIALS_DIRECTORY'];
  if (credentials === undefined || credentials === '') {
    looked.push(`the systemd credential ${databaseKeyCredential}, but $CREDENTIALS_DIRECTORY is not set`);
  } else {
    const path = join(credentials, databaseKeyCredential);
    // systemd guards this folder itself; its access lists show up as group permissions.
    const text = await readSecretFile(path, { guarded: false, expected });
    if (text !== undefined) return decodeKey(text, path);
    looked.push(`the systemd credential ${path}, which does not exist`);
  }
  const value = environment[databaseKeyVariable];
  if (value !== undefined && value !== '') return decodeKey(value, databaseKeyVariable);
  throw missing([...looked, `the environment variable ${databaseKeyVariable}, which is not set`]);
}

/**
 * Writes a new random key with mode 0600, with its missing folders. Never overwrites: throws `CH-SECRET-INVALID` when
 * there is already something at this path, because the old key may be the only way into a database.
 */
export async function makeKeyFile(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(`${randomBytes(keyBytes).toString('hex')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (thrown) {
    const detail =
      systemCodeOf(thrown) === 'EEXIST'
        ? 'There is already a file here. It was not touched: a database may depend on it.'
        : `It could not be written: ${messageOf(thrown)}.`;
    throw new ChanceryError('CH-SECRET-INVALID', { place: path, detail, cause: thrown });
  }
}

function decodeKey(text: string, place: string): Uint8Array {
  const value = text.trim();
  const encoding = /^[0-9a-f]{64}$/iu.test(value) ? 'hex' : /^[0-9a-z+/]{43}=?$/iu.test(value) ? 'base64' : undefined;
  if (encoding === undefined) {
    throw unusable(place, value === '' ? `It is empty. ${expected}` : `It has another form. ${expected}`);
  }
  const key = Uint8Array.from(Buffer.from(value, encoding));
  if (key.every((byte) => byte === key[0])) throw unusable(place, 'It is a placeholder: every byte is the same.');
  return key;
}

const unusable = (place: string, detail: string, cause?: unknown): ChanceryError =>
  new ChanceryError('CH-SECRET-INVALID', { place, detail, cause });

const missing = (looked: readonly string[]): ChanceryError =>
  new ChanceryError('CH-SECRET-MISSING', {
    place: 'database key',
    detail: `Looked at: ${looked.join('; ')}. Make one with \`chancery keygen\`.`,
  });
