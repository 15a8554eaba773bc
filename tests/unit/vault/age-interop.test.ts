/** What was wrapped here is opened by programs that were not written here, and the other way round. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateX25519Identity } from 'age-encryption';
import { beginEpoch, openEpoch } from '../../../src/vault/epoch.ts';
import { rewrap, unwrapEpochKey } from '../../../src/vault/epoch-key.ts';
import { makeOfficerKey, OfficerKey, readOfficerKey } from '../../../src/vault/officer-key.ts';
import { goAge, type Rage, rage as findRage } from './age-judges.ts';

const passphrase = 'ledger lamp orbit south 77';
const folder = mkdtempSync(join(tmpdir(), 'chancery-age-'));
const inFolder = (name: string): string => join(folder, name);
const words = Buffer.from('words');
let ours: OfficerKey;

beforeAll(async () => {
  ours = await makeOfficerKey(inFolder('ours.age'), passphrase);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  writeFileSync(inFolder(name), text, 'latin1');
  return inFolder(name);
};
const secretIn = (text: string): string => /AGE-SECRET-KEY-\S+/u.exec(text)?.[0] ?? '';
const firstBytes = (text: string): string => text.slice(0, 21);

const age = goAge();
(age === undefined ? describe.skip : describe)('age, by the author of its format', () => {
  const run = age ?? (() => '');
  const decrypt = (identity: string, text: string): string =>
    run('age', ['-d', '-i', write('identity', identity)], text);

  test('opens our officer’s file with the passphrase, and then our epoch’s key', async () => {
    const lines = run('age', ['-d', '-j', 'batchpass', inFolder('ours.age')], '', passphrase);
    expect(lines).toBe(ours.lines());
    expect(run('age-keygen', ['-y'], lines).trim()).toBe(ours.recipient);
    const epoch = await beginEpoch([ours.recipient]);
    const plain = Buffer.from(decrypt(lines, epoch.wrappedKey), 'latin1');
    const { id, key } = await unwrapEpochKey(epoch.wrappedKey, [ours]);
    expect(plain.toString('latin1')).toBe(
      `chancery epoch key 1\n${Buffer.concat([Buffer.from(id, 'hex'), key]).toString('latin1')}`,
    );
  });

  test.each([
    [['-pq'], 'age1pq1'],
    [[], 'age1'],
  ])(
    'makes keys (age-keygen %j) that we seal for and open with, from its own passphrase file, in either form',
    async (args, prefix) => {
      const lines = run('age-keygen', args);
      const theirs = await OfficerKey.from(secretIn(lines), 'age');
      expect(theirs.recipient).toMatch(new RegExp(`^${prefix}`, 'u'));
      expect(run('age-keygen', ['-y'], lines).trim()).toBe(theirs.recipient);
      for (const form of [[], ['-a']]) {
        const file = write('theirs.age', run('age', ['-e', ...form, '-j', 'batchpass'], lines, passphrase));
        expect((await readOfficerKey(file, passphrase)).lines()).toBe(theirs.lines());
      }
      const epoch = await beginEpoch([theirs.recipient]);
      const { sealed, wrappedKey } = epoch.seal(1, words);
      expect(firstBytes(decrypt(lines, epoch.wrappedKey))).toBe('chancery epoch key 1\n');
      const rewrapped = await rewrap(epoch.wrappedKey, theirs, [ours.recipient]);
      for (const [wrapped, officer] of [
        [epoch.wrappedKey, theirs],
        [rewrapped, ours],
      ] as const) {
        const opened = await openEpoch(wrapped, [officer]);
        expect(Buffer.from(opened.open(1, sealed, wrappedKey)).equals(words)).toBe(true);
      }
    },
    60_000,
  );

  test('rewraps an epoch’s key by hand, and we open it', async () => {
    const epoch = await beginEpoch([ours.recipient]);
    const { sealed, wrappedKey } = epoch.seal(9, words);
    const lines = run('age-keygen', ['-pq']);
    const theirs = await OfficerKey.from(secretIn(lines), 'age');
    const plain = decrypt(ours.lines(), epoch.wrappedKey);
    writeFileSync(inFolder('plain'), plain, 'latin1');
    const rewrapped = run('age', ['-e', '-a', '-r', theirs.recipient, inFolder('plain')]);
    const opened = await openEpoch(rewrapped, [theirs]);
    expect(Buffer.from(opened.open(9, sealed, wrappedKey)).equals(words)).toBe(true);
  });

  test('opens neither with another key', async () => {
    const epoch = await beginEpoch([ours.recipient]);
    expect(() => decrypt(run('age-keygen', ['-pq']), epoch.wrappedKey)).toThrow('no identity matched');
    expect(() => run('age', ['-d', '-j', 'batchpass', inFolder('ours.age')], '', 'another one')).toThrow();
  });
});

const rage = findRage();
(rage === undefined ? describe.skip : describe)('rage, in another language by another author', () => {
  const run: Rage = rage ?? (() => ({}));

  test('opens what we wrap for an X25519 key, and our officer’s file; we open what it wraps', async () => {
    const theirs = await OfficerKey.from(await generateX25519Identity(), 'a test');
    const epoch = await beginEpoch([theirs.recipient]);
    const { sealed, wrappedKey } = epoch.seal(1, words);
    const answer = run(
      [
        'key = pyrage.x25519.Identity.from_str(given["identity"])',
        'answer["recipient"] = str(key.to_public())',
        'plain = pyrage.decrypt(given["wrapped"].encode(), [key])',
        'answer["plain"] = plain[:21].decode()',
        'answer["again"] = pyrage.encrypt(plain, [key.to_public()], armored=True).decode()',
        'lines = pyrage.passphrase.decrypt(given["file"].encode(), given["passphrase"])',
        'answer["lines"] = lines.decode()',
        'answer["file"] = pyrage.passphrase.encrypt(lines, given["passphrase"], armored=True).decode()',
      ].join('\n'),
      {
        identity: secretIn(theirs.lines()),
        wrapped: epoch.wrappedKey,
        passphrase,
        file: readFileSync(inFolder('ours.age'), 'utf8'),
      },
    );
    expect(answer).toMatchObject({ recipient: theirs.recipient, plain: 'chancery epoch key 1\n', lines: ours.lines() });
    const opened = await openEpoch(answer['again'] ?? '', [theirs]);
    expect(Buffer.from(opened.open(1, sealed, wrappedKey)).equals(words)).toBe(true);
    const read = await readOfficerKey(write('rage.age', answer['file'] ?? ''), passphrase);
    expect(read.recipient).toBe(ours.recipient);
  }, 60_000);
});
