import { describe, expect, test } from '@jest/globals';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { checkRecipients, isRecipient } from '../../../src/vault/recipients.ts';

const make = async (identity: Promise<string>): Promise<string> => identityToRecipient(await identity);
const [one, two] = [await make(generateHybridIdentity()), await make(generateHybridIdentity())];
const [classic, other] = [await make(generateX25519Identity()), await make(generateX25519Identity())];
const secret = await generateHybridIdentity();

test('a recipient is one of either kind, whole and unchanged', () => {
  for (const text of [one, classic]) {
    expect(isRecipient(text)).toBe(true);
    for (const at of [4, 9, 20, text.length - 1]) {
      const changed = `${text.slice(0, at)}${text[at] === 'q' ? 'p' : 'q'}${text.slice(at + 1)}`;
      expect(isRecipient(changed)).toBe(false);
    }
    for (const wrong of [text.slice(0, -1), `${text}q`, ` ${text}`, text.toUpperCase(), '']) {
      expect(isRecipient(wrong)).toBe(false);
    }
  }
  expect(isRecipient('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN')).toBe(false);
  expect(isRecipient('age1tag1q0wjmxk36nuvhkdmuc0xtrenhpx60wjrum53wuhukmd6j3tjzx3h7rtgcfg')).toBe(false);
  expect(isRecipient(secret)).toBe(false);
});

test('a list comes back without the white space around its items', () => {
  expect(checkRecipients([` ${one}\n`, two])).toEqual([one, two]);
  expect(checkRecipients([classic, other])).toEqual([classic, other]);
});

describe('a list is refused, with the place and the reason', () => {
  test.each([
    ['empty', [], 'recipients', 'nobody could open the records'],
    ['one is cut short', [one, two.slice(0, 900)], 'recipient 2', 'whole and unchanged'],
    ['one is there twice', [one, two, one], 'recipient 3', 'is there twice'],
    ['one of them would be the weakest', [one, classic], 'recipients', 'Use recipients of one kind'],
    ['one is a secret key', [secret], 'recipient 1', 'This is a secret key. Do not use it any more'],
  ])('%s', (_, list, place, words) => {
    expect(() => checkRecipients(list)).toThrow(words);
    expect(() => checkRecipients(list)).toThrow(expect.objectContaining({ code: 'CH-RECIPIENT-INVALID', place }));
    expect(() => checkRecipients(list)).not.toThrow(secret.slice(20));
  });
});
