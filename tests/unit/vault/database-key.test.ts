import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeKeyFile, readDatabaseKey } from '../../../src/vault/database-key.ts';

const hex = 'c0ffee'.repeat(10) + 'beef';
const key = Uint8Array.from(Buffer.from(hex, 'hex'));
let folder: string;
const inFolder = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chancery-key-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function keyFile(content: string, mode = 0o600): Promise<string> {
  await writeFile(inFolder('key'), content);
  await chmod(inFolder('key'), mode);
  return inFolder('key');
}

describe('the key is found', () => {
  test('in the key file, as hex or as base64, whatever white space surrounds it', async () => {
    for (const text of [hex, `${hex.toUpperCase()}\n`, `  ${Buffer.from(key).toString('base64')}\r\n`]) {
      expect(await readDatabaseKey({ keyFile: await keyFile(text), environment: {} })).toEqual(key);
    }
  });

  test('in the systemd credential before the environment variable', async () => {
    await mkdir(inFolder('credentials'));
    await writeFile(inFolder('credentials/chancery-database-key'), hex);
    const environment = {
      CREDENTIALS_DIRECTORY: inFolder('credentials'),
      CHANCERY_DATABASE_KEY: 'ab'.repeat(31) + 'cd',
    };
    expect(await readDatabaseKey({ environment })).toEqual(key);
  });

  test('in the environment variable when there is nothing else', async () => {
    const environment = { CREDENTIALS_DIRECTORY: folder, CHANCERY_DATABASE_KEY: hex };
    expect(await readDatabaseKey({ environment })).toEqual(key);
  });
});

describe('the key is refused', () => {
  test('when it is nowhere, naming every place and the command that makes one', async () => {
    const failure = readDatabaseKey({ environment: { CREDENTIALS_DIRECTORY: folder } });
    await expect(failure).rejects.toMatchObject({ code: 'CH-SECRET-MISSING' });
    for (const word of ['data.key_file', inFolder('chancery-database-key'), 'CHANCERY_DATABASE_KEY', 'chancery keygen'])
      await expect(failure).rejects.toThrow(word);
  });

  test('when the file that the configuration names is missing, even if the environment has one', async () => {
    await expect(
      readDatabaseKey({ keyFile: inFolder('absent'), environment: { CHANCERY_DATABASE_KEY: hex } }),
    ).rejects.toMatchObject({ code: 'CH-SECRET-MISSING' });
  });

  test.each([0o640, 0o604, 0o620])(
    'when others may read or change the file (mode %#o), with the command to run',
    async (mode) => {
      const path = await keyFile(hex, mode);
      const failure = readDatabaseKey({ keyFile: path, environment: {} });
      await expect(failure).rejects.toMatchObject({ code: 'CH-SECRET-INVALID', place: path });
      await expect(failure).rejects.toThrow(`chmod 600 ${path}`);
    },
  );

  test.each([
    ['too short', hex.slice(2)],
    ['too long', `${hex}00`],
    ['empty', '\n'],
    ['a placeholder', '00'.repeat(32)],
    ['another form', 'correct horse battery staple'],
    ['a whole document', 'x'.repeat(5_000)],
  ])('when it is %s, without repeating it', async (_, text) => {
    const failure = readDatabaseKey({ keyFile: await keyFile(text), environment: {} });
    await expect(failure).rejects.toMatchObject({ code: 'CH-SECRET-INVALID' });
    if (text.trim() !== '') await expect(failure).rejects.not.toThrow(text.trim());
  });

  test('when the place is a folder', async () => {
    await chmod(folder, 0o700);
    await expect(readDatabaseKey({ keyFile: folder, environment: {} })).rejects.toMatchObject({
      code: 'CH-SECRET-INVALID',
      place: folder,
    });
  });
});

describe('a new key file', () => {
  test('is readable by its owner only, and usable at once', async () => {
    const path = inFolder('made/for/it.key');
    await makeKeyFile(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readDatabaseKey({ keyFile: path, environment: {} })).toHaveLength(32);
  });

  test('never replaces an old one', async () => {
    const path = await keyFile(hex);
    await expect(makeKeyFile(path)).rejects.toMatchObject({ code: 'CH-SECRET-INVALID', place: path });
    expect(await readFile(path, 'utf8')).toBe(hex);
  });

  test('is another key each time', async () => {
    await makeKeyFile(inFolder('one'));
    await makeKeyFile(inFolder('two'));
    expect(await readFile(inFolder('one'), 'utf8')).not.toBe(await readFile(inFolder('two'), 'utf8'));
  });
});
