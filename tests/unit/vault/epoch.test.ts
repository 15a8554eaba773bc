import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { generateHybridIdentity, generateX25519Identity } from 'age-encryption';
import fc from 'fast-check';
import { EntryKeys } from '../../../src/vault/entry-keys.ts';
import { openEntry, unwrapEntryKey } from '../../../src/vault/entry-sealing.ts';
import { beginEpoch, Epoch, openEpoch, type OpenedEpoch } from '../../../src/vault/epoch.ts';
import { rewrap } from '../../../src/vault/epoch-key.ts';
import { OfficerKey } from '../../../src/vault/officer-key.ts';
import { isRecipient } from '../../../src/vault/recipients.ts';

const officer = async (): Promise<OfficerKey> => OfficerKey.from(await generateHybridIdentity(), 'a test');
const failure = (code: string): unknown => expect.objectContaining({ code });

let ana: OfficerKey;
let bo: OfficerKey;
let stranger: OfficerKey;
let epoch: Epoch;
let opened: OpenedEpoch;

beforeAll(async () => {
  [ana, bo, stranger] = [await officer(), await officer(), await officer()];
  epoch = await beginEpoch([ana.recipient, bo.recipient]);
  opened = await openEpoch(epoch.wrappedKey, [ana]);
});

describe('what was sealed', () => {
  test('opens for each officer, and is what it was', async () => {
    for (const keys of [[ana], [bo], [stranger, bo]]) {
      const each = await openEpoch(epoch.wrappedKey, keys);
      expect(each.id).toBe(epoch.id);
      fc.assert(
        fc.property(fc.nat(), fc.uint8Array({ maxLength: 3_000 }), (number, bytes) => {
          const { sealed, wrappedKey } = epoch.seal(number, bytes);
          expect(Buffer.from(each.open(number, sealed, wrappedKey)).equals(bytes)).toBe(true);
        }),
        { numRuns: 50 },
      );
    }
  });

  test('is never the same twice, and a place is never mistaken for another', () => {
    const bytes = Buffer.from('the same words');
    const [one, two] = [epoch.seal(1, bytes), epoch.seal(1, bytes)];
    expect(one.sealed).not.toEqual(two.sealed);
    expect(() => opened.open(2, one.sealed, one.wrappedKey)).toThrow(failure('CH-RECORDS-DAMAGED'));
    expect(() => opened.open(1, one.sealed, two.wrappedKey)).toThrow(failure('CH-RECORDS-DAMAGED'));
    expect(() => opened.open(1, two.sealed, one.wrappedKey)).toThrow(failure('CH-RECORDS-DAMAGED'));
  });

  test('does not open with the key of another epoch', async () => {
    const other = await beginEpoch([ana.recipient]);
    expect(other.id).not.toBe(epoch.id);
    const { sealed, wrappedKey } = other.seal(0, Buffer.from('words'));
    expect(() => opened.open(0, sealed, wrappedKey)).toThrow(failure('CH-RECORDS-DAMAGED'));
  });

  test('shows any flipped bit, in the entry and in its key, and any cut', () => {
    const { sealed, wrappedKey } = epoch.seal(7, randomBytes(200));
    const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
      bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), fc.nat(wrappedKey.length * 8 - 1), (inEntry, inKey) => {
        expect(() => opened.open(7, flip(sealed, inEntry), wrappedKey)).toThrow(failure('CH-RECORDS-DAMAGED'));
        expect(() => opened.open(7, sealed, flip(wrappedKey, inKey))).toThrow(failure('CH-RECORDS-DAMAGED'));
      }),
      { numRuns: 500 },
    );
    for (let length = 0; length < 60; length += 1) {
      expect(() => opened.open(7, sealed.subarray(0, length), wrappedKey)).toThrow(failure('CH-RECORDS-DAMAGED'));
      expect(() => opened.open(7, sealed, wrappedKey.subarray(0, length))).toThrow(failure('CH-RECORDS-DAMAGED'));
    }
  });

  test('says why, when there is no key', () => {
    const { sealed } = epoch.seal(3, randomBytes(10));
    expect(() => opened.open(3, sealed, 'destroyed')).toThrow(failure('CH-RECORDS-DESTROYED'));
    expect(() => opened.open(3, sealed, 'missing')).toThrow(failure('CH-RECORDS-KEY-MISSING'));
    expect(() => opened.open(3, sealed, 'damaged')).toThrow(failure('CH-RECORDS-DAMAGED'));
  });
});

describe('the key of an epoch', () => {
  test('does not open for who is no recipient, nor without any key', async () => {
    await expect(openEpoch(epoch.wrappedKey, [stranger])).rejects.toMatchObject({ code: 'CH-RECORDS-KEY-WRONG' });
    await expect(openEpoch(epoch.wrappedKey, [])).rejects.toMatchObject({ code: 'CH-RECORDS-KEY-WRONG' });
  });

  test('shows any flipped bit and any cut, whoever’s part of it was hit', async () => {
    const text = Buffer.from(epoch.wrappedKey, 'latin1');
    const refused = { code: expect.stringMatching(/^CH-RECORDS-(?:DAMAGED|KEY-WRONG)$/u) };
    const lastBits = Array.from({ length: 16 * 8 }, (_, at) => text.length * 8 - 1 - at);
    for (const bit of [...fc.sample(fc.nat(text.length * 8 - 1), 150), ...lastBits]) {
      const changed = Buffer.from(text);
      changed[bit >> 3] = changed.readUInt8(bit >> 3) ^ (1 << (bit & 7));
      await expect(openEpoch(changed.toString('latin1'), [ana])).rejects.toMatchObject(refused);
    }
    for (const length of [0, 1, 100, text.length >> 1, text.length - 2]) {
      await expect(openEpoch(epoch.wrappedKey.slice(0, length), [ana])).rejects.toMatchObject(refused);
    }
  }, 60_000);

  test('may have got other line ends on its way', async () => {
    expect((await openEpoch(epoch.wrappedKey.replaceAll('\n', '\r\n'), [ana])).id).toBe(epoch.id);
    expect((await openEpoch(epoch.wrappedKey.trimEnd(), [ana])).id).toBe(epoch.id);
  });

  test('can be given to other officers by an officer, and the bridge is not needed', async () => {
    const { sealed, wrappedKey } = epoch.seal(5, Buffer.from('words'));
    const forStranger = await rewrap(epoch.wrappedKey, bo, [stranger.recipient]);
    const theirs = await openEpoch(forStranger, [stranger]);
    expect(theirs.id).toBe(epoch.id);
    expect(Buffer.from(theirs.open(5, sealed, wrappedKey)).toString()).toBe('words');
    await expect(openEpoch(forStranger, [ana, bo])).rejects.toMatchObject({ code: 'CH-RECORDS-KEY-WRONG' });
    await expect(rewrap(epoch.wrappedKey, stranger, [ana.recipient])).rejects.toMatchObject({
      code: 'CH-RECORDS-KEY-WRONG',
    });
    await expect(rewrap(epoch.wrappedKey, ana, [])).rejects.toMatchObject({ code: 'CH-RECIPIENT-INVALID' });
  });

  test('opens for officers whose keys are of the older kind', async () => {
    const classic = await OfficerKey.from(await generateX25519Identity(), 'a test');
    const old = await beginEpoch([classic.recipient]);
    const { sealed, wrappedKey } = old.seal(0, Buffer.from('words'));
    const theirs = await openEpoch(old.wrappedKey, [classic]);
    expect(Buffer.from(theirs.open(0, sealed, wrappedKey)).toString()).toBe('words');
  });

  test('is not made for nobody', async () => {
    await expect(beginEpoch([])).rejects.toMatchObject({ code: 'CH-RECIPIENT-INVALID' });
    // The form of a public key, and none: whatever is shared with this point of the curve is zero.
    const point = 'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z';
    expect(isRecipient(point)).toBe(true);
    await expect(beginEpoch([point])).rejects.toMatchObject({ code: 'CH-RECIPIENT-INVALID' });
  });
});

describe('an epoch that has ended', () => {
  test('seals no more, and what it sealed opens for an officer', async () => {
    const short = await beginEpoch([ana.recipient]);
    const { sealed, wrappedKey } = short.seal(0, Buffer.from('words'));
    short.end();
    short.end();
    expect(() => short.seal(1, Buffer.from('more'))).toThrow(failure('CH-RECORDS-EPOCH-ENDED'));
    const theirs = await openEpoch(short.wrappedKey, [ana]);
    expect(Buffer.from(theirs.open(0, sealed, wrappedKey)).toString()).toBe('words');
    theirs.close();
    expect(() => theirs.open(0, sealed, wrappedKey)).toThrow(failure('CH-RECORDS-EPOCH-ENDED'));
  });

  test('has overwritten its key', () => {
    const key = randomBytes(32);
    new Epoch({ id: 'ab'.repeat(16), key }, '').end();
    expect(key.every((byte) => byte === 0)).toBe(true);
  });

  test('and one that goes on show no key, however they are printed', async () => {
    const short = await beginEpoch([ana.recipient]);
    for (const each of [short, await openEpoch(short.wrappedKey, [ana])]) {
      expect(Object.keys(each)).not.toContain('key');
      expect(inspect(each, { showHidden: true, depth: 9 })).not.toMatch(/Buffer|Uint8Array/u);
    }
  });
});

describe('with everything that is on disk', () => {
  const words = Buffer.from('the minister said: CANARY-77aa');
  let folder: string;
  let path: string;
  let keys: EntryKeys;
  let ended: Epoch;
  let sealed: Uint8Array[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chancery-epoch-'));
    path = join(folder, 'entry-keys');
    keys = await EntryKeys.open(path);
    ended = await beginEpoch([ana.recipient, bo.recipient]);
    const group = Array.from({ length: 20 }, (_, number) => ended.seal(number, words));
    await keys.append(
      0,
      group.map(({ wrappedKey }) => wrappedKey),
    );
    sealed = group.map((each) => each.sealed);
    ended.end();
  });
  afterEach(async () => {
    await keys.close();
    await rm(folder, { recursive: true, force: true });
  });

  const entry = (number: number): Uint8Array => sealed[number] ?? new Uint8Array();

  test('and no officer’s key nothing opens: not with any 32 bytes of the disk as a key, nor with the database’s', async () => {
    const database = randomBytes(32);
    const onDisk = Buffer.concat([await readFile(path), Buffer.from(ended.wrappedKey), ...sealed, database]);
    expect(onDisk.includes('CANARY')).toBe(false);
    const wrapped = await keys.get(4);
    if (typeof wrapped === 'string') throw new Error(wrapped);
    const armoured = Buffer.from(ended.wrappedKey.split('\n').slice(1, -2).join(''), 'base64');
    for (const bytes of [onDisk, armoured]) {
      for (let at = 0; at + 32 <= bytes.length; at += 1) {
        const tried = bytes.subarray(at, at + 32);
        if (unwrapEntryKey(tried, ended.id, 4, wrapped) !== undefined) throw new Error(`opened with byte ${at}`);
        if (openEntry(tried, 4, entry(4)) !== undefined) throw new Error(`opened with byte ${at}`);
      }
    }
    await expect(openEpoch(ended.wrappedKey, [stranger])).rejects.toMatchObject({ code: 'CH-RECORDS-KEY-WRONG' });
  });

  test('and an officer’s key all of it opens, but no entry whose key was destroyed', async () => {
    const theirs = await openEpoch(ended.wrappedKey, [bo]);
    await keys.destroy([3]);
    expect(() => theirs.open(3, entry(3), 'destroyed')).toThrow(failure('CH-RECORDS-DESTROYED'));
    for (let number = 0; number < 20; number += 1) {
      const key = await keys.get(number);
      if (number === 3) expect(() => theirs.open(number, entry(number), key)).toThrow(failure('CH-RECORDS-DESTROYED'));
      else expect(Buffer.from(theirs.open(number, entry(number), key)).equals(words)).toBe(true);
    }
  });

  test('and an earlier copy of all but the file of entry keys, a destroyed entry stays closed', async () => {
    const earlier = { wrappedKey: ended.wrappedKey, sealed: sealed.map((each) => Uint8Array.from(each)) };
    await copyFile(path, join(folder, 'backup-of-keys'));
    await keys.destroy([3]);
    await keys.close();
    keys = await EntryKeys.open(path);
    const theirs = await openEpoch(earlier.wrappedKey, [ana, bo]);
    const old = earlier.sealed[3] ?? new Uint8Array();
    expect(await keys.get(3)).toBe('destroyed');
    expect(() => theirs.open(3, old, 'destroyed')).toThrow(failure('CH-RECORDS-DESTROYED'));
    for (let number = 0; number < 20; number += 1) {
      const other = await keys.get(number);
      if (typeof other !== 'string') expect(() => theirs.open(3, old, other)).toThrow(failure('CH-RECORDS-DAMAGED'));
    }
    // What shows that it was the key that was missing: with a backup of that file it opens. Such backups must expire.
    const backup = await EntryKeys.read(join(folder, 'backup-of-keys'));
    expect(Buffer.from(theirs.open(3, old, await backup.get(3))).equals(words)).toBe(true);
    await backup.close();
  });
});
