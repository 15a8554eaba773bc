import { expect, test } from '@jest/globals';
import { PendingLogins } from '../../../src/cli/pending-logins.ts';
import type { LoginFlow, LoginStep } from '../../../src/networks/login.ts';

const wait: LoginStep = { step: 'wait', message: 'Waiting.' };
const done: LoginStep = { step: 'done', account: { key: 'k', displayName: 'K', credentials: 'x' }, advice: [] };
const flow = (answer: LoginFlow['answer'] = async () => wait): LoginFlow => ({ begin: async () => wait, answer });
const keep = async (): Promise<void> => undefined;

test('only a few logins are open at a time; those that nobody goes on with are forgotten', async () => {
  let now = 0;
  const logins = new PendingLogins({ now: () => now });
  const opened = await Promise.all(Array.from({ length: 8 }, () => logins.begin(flow(), keep)));
  await expect(logins.begin(flow(), keep)).rejects.toMatchObject({ code: 'CH-LOGIN-INVALID' });
  now = 9 * 60_000;
  await logins.answer(opened[0]?.id ?? '', {});
  now = 11 * 60_000;
  await logins.begin(flow(), keep);
  expect(await logins.answer(opened[0]?.id ?? '', {})).toEqual(wait);
  await expect(logins.answer(opened[1]?.id ?? '', {})).rejects.toThrow('begin again');
});

test('a login that cannot begin takes no place', async () => {
  const logins = new PendingLogins({ now: () => 0 });
  const broken: LoginFlow = { ...flow(), begin: async () => Promise.reject(new Error('no line')) };
  for (let times = 0; times < 10; times += 1) await expect(logins.begin(broken, keep)).rejects.toThrow('no line');
});

test('a second answer waits for the first to be checked', async () => {
  const logins = new PendingLogins({ now: () => 0 });
  let finish: (step: LoginStep) => void = () => undefined;
  const slow = flow(() => new Promise((resolve) => (finish = resolve)));
  const { id } = await logins.begin(slow, keep);
  const first = logins.answer(id, {});
  await expect(logins.answer(id, {})).rejects.toThrow('still being checked');
  finish(wait);
  expect(await first).toEqual(wait);
});

test('an account that could not be stored can be stored by answering again', async () => {
  const logins = new PendingLogins({ now: () => 0 });
  let tries = 0;
  const { id } = await logins.begin(
    flow(async () => done),
    async () => {
      tries += 1;
      if (tries === 1) throw new Error('disk full');
    },
  );
  await expect(logins.answer(id, {})).rejects.toThrow('disk full');
  expect(await logins.answer(id, {})).toEqual({ step: 'done', displayName: 'K', advice: [] });
  await expect(logins.answer(id, {})).rejects.toThrow('begin again');
});
