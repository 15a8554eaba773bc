/** Every call to WhatsApp is measured by what was asked, and an account that it refuses altogether is known as such. */
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { accepted, FakeGraph, graphError } from './fake-graph.ts';
import { ada, chat, never, type OpenSession, openSession, sealed, sendKey, text } from './open-session.ts';
import { asId, type RemoteMessageId } from '../../../../src/model/ids.ts';

const graph = new FakeGraph();
let open: OpenSession;

beforeEach(async () => {
  open = openSession(await graph.start());
  await open.wrote({ phone: ada });
});

afterEach(async () => {
  await open.runtime.close();
  await graph.stop();
});

test('a call is told by what was asked and by what was answered', async () => {
  const { session } = open;
  const message = asId<RemoteMessageId>('wamid.a');
  await session.send(text('hello'), never);
  await session.react({ chat, sendKey, target: message, emoji: null }, never);
  graph.answer = () => ({ status: 200, body: { id: '1', success: true } });
  await session.markRead(chat, message, never);
  await session.prepare?.(
    { type: 'media', kind: 'image', file: sealed, mimeType: 'image/png', fileName: 'a.png' },
    never,
  );
  graph.answer = ({ path }) =>
    path.endsWith('/bytes') ? { status: 200, body: 'x' } : { status: 200, body: { url: `${graph.url}/bytes` } };
  await buffer(await session.fetchMedia({ reference: 'media-1' }, never));
  graph.answer = () => graphError(400, 131047);
  await session.send(text('too late'), never);
  graph.answer = () => undefined;
  await session.send(text('cut'), never);
  expect(open.calls.map(({ operation, call }) => `${operation} ${call.status ?? 'none'}`)).toEqual([
    'send 200',
    'send 200',
    'mark 200',
    'upload 200',
    'look-up 200',
    'download 200',
    'send 400',
    'send none',
  ]);
  for (const { call } of open.calls) expect(call.seconds).toBeGreaterThan(0);
});

test('an account whose token expired is in trouble until something is accepted again', async () => {
  expect(open.session.isInTrouble).toBe(false);
  graph.answer = () => graphError(401, 190);
  await open.session.send(text('hello'), never);
  expect(open.session.isInTrouble).toBe(true);
  graph.answer = () => undefined;
  await open.session.send(text('hello'), never);
  expect(open.session.isInTrouble).toBe(true);
  graph.answer = () => accepted('wamid.b');
  await open.session.send(text('hello'), never);
  expect(open.session.isInTrouble).toBe(false);
});

test.each([
  ['a refused message', graphError(400, 131047)],
  ['a rate limit', graphError(429, 130429)],
  ["a fault of WhatsApp's own", graphError(500, 131000)],
])('%s is no trouble of the account', async (_what, answer) => {
  graph.answer = () => answer;
  await open.session.send(text('hello'), never);
  expect(open.session.isInTrouble).toBe(false);
});
