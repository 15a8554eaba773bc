/** A number is connected only with answers that were tried; a wrong one is named, asked for again, and nothing is kept. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { NetworkRuntime } from '../../../../src/networks/contract.ts';
import type { LoginStep } from '../../../../src/networks/login.ts';
import { type Answer, FakeGraph, graphError } from './fake-graph.ts';
import { never, openSession } from './open-session.ts';

const graph = new FakeGraph();
let runtime: NetworkRuntime;
const found: Answer = {
  status: 200,
  body: { verified_name: 'City Hall', display_phone_number: '+1 555-078-3881', id: '106540352242922' },
};
beforeAll(async () => {
  runtime = openSession(await graph.start()).runtime;
});
beforeEach(() => {
  graph.asked.length = 0;
  graph.answer = () => found;
});
afterAll(async () => {
  await runtime.close();
  await graph.stop();
});

const answers = {
  phone_number_id: '106540352242922',
  access_token: 'EAAG-token',
  app_secret: 'c0ffee',
  verify_token: 'let me in',
};
const login = (given: Readonly<Record<string, string>>): Promise<LoginStep> => runtime.login().answer(given, never);

const problemOf = (step: LoginStep): string | undefined =>
  step.step === 'ask' ? step.problem : `not asked: ${step.step}`;

test('it asks for what stands on the pages of Meta, and hides what is secret', async () => {
  const step = await runtime.login().begin(never);
  expect(step).toMatchObject({ step: 'ask' });
  expect(step.step === 'ask' && step.questions.map(({ name, secret }) => [name, secret])).toEqual([
    ['phone_number_id', false],
    ['access_token', true],
    ['app_secret', true],
    ['verify_token', true],
    ['business_account_id', false],
  ]);
});

test('right answers connect the number, under the name that Meta has for it', async () => {
  const step = await login({ ...answers, phone_number_id: ' 106540352242922 ' });
  expect(step).toMatchObject({
    step: 'done',
    account: {
      key: '106540352242922',
      displayName: 'City Hall, +1 555-078-3881',
      credentials: {
        phoneNumberId: '106540352242922',
        accessToken: 'EAAG-token',
        appSecret: 'c0ffee',
        verifyToken: 'let me in',
      },
    },
  });
  expect(JSON.stringify(step.step === 'done' && step.advice)).toContain('/whatsapp, subscribed to the field messages');
  expect(graph.asked[0]).toMatchObject({
    path: '/v23.0/106540352242922',
    headers: { authorization: 'Bearer EAAG-token' },
  });
});

test('where no verify token is given one is made, and told once', async () => {
  const step = await login({ ...answers, verify_token: '' });
  const { verifyToken } = (step.step === 'done' ? step.account.credentials : {}) as { verifyToken?: string };
  expect(verifyToken).toMatch(/^[0-9a-f]{32}$/);
  expect(step.step === 'done' && step.advice.join()).toContain(String(verifyToken));
  expect(JSON.stringify(await login(answers))).not.toContain('Verify token to enter');
});

test.each<[string, Readonly<Record<string, string>>, string]>([
  ['nothing at all', {}, 'phone number ID'],
  ['a telephone number for the ID', { ...answers, phone_number_id: '+1 555 078' }, 'It is not the telephone number'],
  ['an ID that could lead elsewhere', { ...answers, phone_number_id: '../me' }, 'digits only'],
  ['no token', { ...answers, access_token: ' ' }, 'The access token is missing'],
  ['a token in two parts', { ...answers, access_token: 'EAAG token' }, 'space'],
  ['a token with a letter of no token', { ...answers, access_token: 'EAAG…' }, 'no token has'],
  ['no app secret', { ...answers, app_secret: '' }, 'The app secret is missing'],
  ['an app secret with a space', { ...answers, app_secret: 'c0 ffee' }, 'space'],
])('%s is named, and WhatsApp is not asked', async (_what, given, words) => {
  expect(problemOf(await login(given))).toContain(words);
  expect(graph.asked).toEqual([]);
});

test.each<[string, Answer | undefined, string]>([
  ['a token that is not valid', graphError(401, 190), 'no longer valid'],
  ['a token that lacks a permission', graphError(403, 200), 'lacks a permission'],
  ['WhatsApp being down', graphError(503, 2), 'not available'],
  ['a page instead of an answer', { status: 200, body: '<html>' }, 'unreadable'],
  ['the error page of a gateway', { status: 502, body: '<html>' }, '502'],
  ['a redirection', { status: 301, body: '', headers: { location: '/' } }, 'Something on the way'],
  ['a connection that is cut', undefined, 'cannot be reached'],
])('%s is named, and nothing is kept', async (_what, answer, words) => {
  graph.answer = () => answer;
  const step = await login(answers);
  expect(problemOf(step)).toContain(words);
  expect(JSON.stringify(step)).not.toContain('EAAG-token');
});

test.each<[string, Answer]>([
  ['nothing', { status: 404, body: 'not found' }],
  ['no number under this ID', graphError(400, 100)],
])('a Graph API that finds %s is no obstacle, and it is said', async (_what, answer) => {
  graph.answer = () => answer;
  const step = await login(answers);
  expect(step).toMatchObject({ step: 'done', account: { displayName: '106540352242922' } });
  expect(step.step === 'done' && step.advice[0]).toContain('could not be looked up');
});

test('after a wrong answer the same login goes on with a right one', async () => {
  const flow = runtime.login();
  await flow.begin(never);
  graph.answer = () => graphError(401, 190);
  expect(problemOf(await flow.answer(answers, never))).toContain('no longer valid');
  graph.answer = () => found;
  expect(await flow.answer(answers, never)).toMatchObject({ step: 'done' });
  expect(await flow.answer(answers, never)).toMatchObject({ step: 'done' });
});

test('an account whose credentials are not whole is refused', () => {
  const account = { id: 'whatsapp/1', network: 'whatsapp', displayName: '', credentials: { phoneNumberId: '1' } };
  expect(() => runtime.connect(account as never)).toThrow(expect.objectContaining({ code: 'CH-LOGIN-INVALID' }));
});
