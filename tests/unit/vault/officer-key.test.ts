import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateX25519Identity } from 'age-encryption';
import { encryptWithPassphrase } from '../../../src/vault/age-text.ts';
import { makeOfficerKey, type OfficerKey, readOfficerKey } from '../../../src/vault/officer-key.ts';
import { isRecipient } from '../../../src/vault/recipients.ts';

const passphrase = 'ledger lamp orbit süß 77';
let folder: string;
let path: string;
let made: OfficerKey;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chancery-officer-'));
  path = join(folder, 'ana.age');
  made = await makeOfficerKey(path, passphrase);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('an officer’s key', () => {
  test('is read with its passphrase, and is post-quantum', async () => {
    const read = await readOfficerKey(path, passphrase);
    expect(read.recipient).toBe(made.recipient);
    expect(read.lines()).toBe(made.lines());
    expect(made.recipient).toMatch(/^age1pq1/u);
    expect(isRecipient(made.recipient)).toBe(true);
  });

  test('is for its owner only, and nothing of it is readable in the file', async () => {
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const text = await readFile(path, 'utf8');
    expect(text).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/u);
    expect(text).not.toContain('SECRET');
    expect(text).not.toContain(made.recipient.slice(10, 40));
  });

  test('shows no secret, however it is printed', () => {
    const secret = /AGE-SECRET-KEY-PQ-1\w+/u.exec(made.lines())?.[0] ?? '';
    expect(secret).toHaveLength(77);
    const printed = [
      inspect(made, { showHidden: true, depth: 9 }),
      JSON.stringify({ made }),
      Object.values(made).join(),
    ];
    for (const text of printed) expect(text).not.toContain('AGE-SECRET');
  });

  test('never replaces a file', async () => {
    const before = await readFile(path);
    await expect(makeOfficerKey(path, passphrase)).rejects.toMatchObject({ code: 'CH-SECRET-INVALID', place: path });
    expect(await readFile(path)).toEqual(before);
  });

  test.each([['elevenchars'], [''], ['äöüäöüäöüäö']])(
    'has no short passphrase (%j), and repeats none',
    async (short) => {
      const making = makeOfficerKey(join(folder, 'short.age'), short);
      await expect(making).rejects.toMatchObject({ code: 'CH-SECRET-INVALID', place: 'passphrase' });
      if (short !== '') await expect(making).rejects.not.toThrow(short);
      expect(await readdir(folder)).not.toContain('short.age');
    },
  );

  test('does not make folders: a medium that is not there is noticed', async () => {
    const away = join(folder, 'stick', 'ana.age');
    await expect(makeOfficerKey(away, passphrase)).rejects.toMatchObject({ code: 'CH-SECRET-INVALID', place: away });
  });
});

describe('a file is refused as an officer’s key', () => {
  const file = async (text: string): Promise<string> => {
    const other = join(folder, 'other.age');
    await writeFile(other, text);
    return other;
  };
  const invalid = { code: 'CH-SECRET-INVALID', place: expect.stringContaining('other.age') };

  test('with another passphrase, which is not repeated', async () => {
    const reading = readOfficerKey(path, `${passphrase}!`);
    await expect(reading).rejects.toMatchObject({ code: 'CH-PASSPHRASE-WRONG', place: path });
    await expect(reading).rejects.not.toThrow('ledger lamp');
  });

  test('when it is damaged, cut short, too long, or something else', async () => {
    const text = await readFile(path, 'utf8');
    for (const wrong of ['', 'hello', text.slice(0, -40), text.replaceAll('\n', ' '), 'x'.repeat(100_000)]) {
      await expect(readOfficerKey(await file(wrong), passphrase)).rejects.toMatchObject(invalid);
    }
    // The last line before the footer belongs to what the passphrase opens.
    const lines = text.trimEnd().split('\n');
    lines[lines.length - 3] = (lines.at(-3) ?? '').replaceAll(/[A-M]/gu, 'Z');
    await expect(readOfficerKey(await file(`${lines.join('\n')}\n`), passphrase)).rejects.toMatchObject(invalid);
    await expect(readOfficerKey(join(folder, 'absent.age'), passphrase)).rejects.toMatchObject({
      code: 'CH-SECRET-INVALID',
    });
  });

  test('when it opens and holds two keys or a broken one, which are not repeated', async () => {
    const [one, two] = [await generateX25519Identity(), await generateX25519Identity()];
    for (const content of [`# two\n${one}\n${two}\n`, one.slice(0, -3)]) {
      const reading = readOfficerKey(
        await file(await encryptWithPassphrase(Buffer.from(content), passphrase)),
        passphrase,
      );
      await expect(reading).rejects.toMatchObject(invalid);
      await expect(reading).rejects.not.toThrow(one.slice(16, 40));
      await expect(reading).rejects.not.toHaveProperty('cause', expect.anything());
    }
  }, 60_000);
});
