/** An officer's order counts only from who has the officer's key, once, soon, and as it was given. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Challenges } from '../../../src/records/challenges.ts';
import { wrapEpochKey } from '../../../src/vault/epoch-key.ts';
import { answerTo, openChallenge } from '../../../src/vault/officer-challenge.ts';
import { makeOfficerKey, type OfficerKey } from '../../../src/vault/officer-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'challenges-'));
const order = '{"do":"destroy"}';
let ana: OfficerKey;
let bob: OfficerKey;
let stranger: OfficerKey;
let now: number;
let challenges: Challenges;

beforeAll(async () => {
  const make = (name: string): Promise<OfficerKey> =>
    makeOfficerKey(join(folder, name), 'five words that nobody guesses');
  ana = await make('ana');
  bob = await make('bob');
  stranger = await make('stranger');
}, 30_000);
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  now = 0;
  challenges = new Challenges([ana.recipient, bob.recipient], { now: () => now });
});

const unproven = 'That a records officer asks for this is not proven.';
const refused = (given: Parameters<Challenges['answered']>[0]): void =>
  expect(() => challenges.answered(given)).toThrow(unproven);

test('who answers with the key is known by its public part', async () => {
  const { id, sealed } = await challenges.begin(bob.recipient);
  const answer = answerTo(await openChallenge(sealed, bob), order);
  expect(challenges.answered({ challenge: id, order, answer })).toBe(bob.recipient);
});

test('the public part of a key alone, or another officer’s key, answers nothing', async () => {
  const { sealed } = await challenges.begin(ana.recipient);
  for (const other of [bob, stranger])
    await expect(openChallenge(sealed, other)).rejects.toMatchObject({ code: 'CH-RECORDS-KEY-WRONG' });
  await expect(challenges.begin(stranger.recipient)).rejects.toThrow(unproven);
  await expect(challenges.begin('')).rejects.toThrow(unproven);
});

test('an answer holds once, for two minutes, for its own challenge, and for the order over which it was made', async () => {
  const given = async (): Promise<{ challenge: string; order: string; answer: string }> => {
    const { id, sealed } = await challenges.begin(ana.recipient);
    return { challenge: id, order, answer: answerTo(await openChallenge(sealed, ana), order) };
  };
  const twice = await given();
  expect(challenges.answered(twice)).toBe(ana.recipient);
  refused(twice);
  refused({ ...(await given()), order: '{"do":"destroy" }' });
  refused({ ...(await given()), answer: (await given()).answer });
  refused({ ...(await given()), answer: '' });
  refused({ ...(await given()), challenge: 'none' });
  const late = await given();
  now = 2 * 60_000 + 1;
  refused(late);
});

test('a wrong answer uses the challenge up, so that nobody can try many', async () => {
  const { id, sealed } = await challenges.begin(ana.recipient);
  const answer = answerTo(await openChallenge(sealed, ana), order);
  refused({ challenge: id, order, answer: '0'.repeat(64) });
  refused({ challenge: id, order, answer });
});

test('who asks for many challenges keeps no officer out', async () => {
  for (let count = 0; count < 40; count += 1) await challenges.begin(bob.recipient);
  const { id, sealed } = await challenges.begin(ana.recipient);
  const answer = answerTo(await openChallenge(sealed, ana), order);
  expect(challenges.answered({ challenge: id, order, answer })).toBe(ana.recipient);
});

test('what is no challenge, such as the key of an epoch, is not opened as one', async () => {
  const epoch = await wrapEpochKey({ id: 'a'.repeat(32), key: new Uint8Array(32).fill(9) }, [ana.recipient]);
  for (const text of [epoch, 'no age file', ''])
    await expect(openChallenge(text, ana)).rejects.toMatchObject({ code: 'CH-RECORDS-DAMAGED' });
});
