/** What an answer, or none, means for a message: it was sent, it never will be, it was not, or nobody can tell. */
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SendResult } from '../../../../src/networks/contract.ts';
import { accepted, type Answer, FakeGraph, graphError } from './fake-graph.ts';
import { ada, chat, never, openSession, type OpenSession, sealed, sendKey, text } from './open-session.ts';

const graph = new FakeGraph();
let open: OpenSession;
beforeEach(async () => {
  open = openSession(await graph.start(), { evidence_seconds: 20 });
  await open.wrote({ phone: ada });
});
afterEach(async () => {
  await open.runtime.close();
  await graph.stop();
});

const sent = async (answer: Answer | undefined): Promise<SendResult> => {
  graph.answer = () => answer;
  return open.session.send(text('hello'), never);
};

test('what WhatsApp took is sent, under the id that it gave', async () => {
  expect(await sent(accepted('wamid.HBgL'))).toEqual({ outcome: 'sent', message: 'wamid.HBgL' });
});

test('an id that is given as a number is read as text', async () => {
  expect(await sent(accepted(1003383421387256))).toEqual({ outcome: 'sent', message: '1003383421387256' });
});

test('an answer with more in it than is needed is no trouble', async () => {
  const body = { messages: [{ id: 'wamid.a', message_status: 'accepted' }, { id: 'wamid.b' }], new_in_v99: true };
  expect(await sent({ status: 201, body })).toEqual({ outcome: 'sent', message: 'wamid.a' });
});

test.each<[string, Answer | undefined]>([
  ['is cut after the request was read', undefined],
  ['is a success without an id', { status: 200, body: { success: true } }],
  ['is a success with an empty id', accepted('')],
  ['is a success with an id of a wrong type', accepted({ id: 1 })],
  ['is a success that is no JSON', { status: 200, body: '<html>Welcome</html>' }],
  ['is a success of nothing', { status: 200, body: '' }],
  ['is no content', { status: 204, body: '' }],
  ['is a cut success', { ...accepted('wamid.a'), cut: true }],
  ['is the error page of a gateway', { status: 502, body: '<html>Bad Gateway</html>' }],
  ['is the error of a gateway in JSON', { status: 504, body: { error: 'upstream request timeout' } }],
  ['is an error without a code', { status: 500, body: { error: { message: 'internal' } } }],
  ['is a timeout of a gateway', { status: 408, body: '' }],
])('nobody can tell when the answer %s', async (_what, answer) => {
  expect(await sent(answer)).toMatchObject({ outcome: 'unknown' });
});

test.each<[string, Answer, number]>([
  ['an invalid token', graphError(401, 190), 60_000],
  ['an invalid token with a code in digits', graphError(401, '190'), 60_000],
  ['a missing permission', graphError(403, 10), 60_000],
  ['a missing permission of any kind', graphError(403, 230), 60_000],
  ['a locked account', graphError(403, 131031), 60_000],
  ['401 without words', { status: 401, body: '' }, 60_000],
  ['one message in six seconds to one person', graphError(429, 131056), 6_000],
  ['too many messages', graphError(429, 130429), 5_000],
  ['too many calls of the app', graphError(400, 4), 30_000],
  ['too many calls of the business', graphError(400, 80007), 30_000],
  ['429 without words', { status: 429, body: 'slow down' }, 5_000],
  ['a redirection, which is not followed', { status: 302, body: '', headers: { location: '/login' } }, 2_000],
])('%s: it was not sent, and the next attempt waits', async (_what, answer, afterMs) => {
  const result = await sent(answer);
  expect(result).toMatchObject({ outcome: 'not-sent', afterMs });
  expect(graph.asked).toHaveLength(1);
});

test.each<[string, Answer]>([
  ['131000', graphError(500, 131000, 'Something went wrong')],
  ['1', graphError(500, 1)],
  ['2', graphError(503, 2)],
  ['131016', graphError(503, 131016)],
  ['an unknown code', graphError(500, 123456)],
])(
  'a fault of WhatsApp (%s): it was not sent, and the next attempt waits until its status would have come',
  async (_code, answer) => {
    expect(await sent(answer)).toMatchObject({ outcome: 'not-sent', afterMs: 5_000 });
  },
);

test('what Retry-After asks for is honoured, within an hour', async () => {
  const busy = graphError(429, 131056);
  expect(await sent({ ...busy, headers: { 'retry-after': '120' } })).toMatchObject({ afterMs: 120_000 });
  expect(await sent({ ...busy, headers: { 'retry-after': '1' } })).toMatchObject({ afterMs: 6_000 });
  expect(await sent({ ...busy, headers: { 'retry-after': '99999999' } })).toMatchObject({ afterMs: 3_600_000 });
  expect(await sent({ ...busy, headers: { 'retry-after': 'soon' } })).toMatchObject({ afterMs: 6_000 });
});

test('after "slow down" nothing of this number is asked before the wait is over', async () => {
  expect(await sent({ ...graphError(429, 130429), headers: { 'retry-after': '60' } })).toMatchObject({
    afterMs: 60_000,
  });
  graph.answer = () => accepted('wamid.too-early');
  const next = await open.session.react({ chat, sendKey, target: sendKey as never, emoji: '👍' }, never);
  expect(next).toMatchObject({ outcome: 'not-sent', reason: 'WhatsApp asks to slow down.' });
  expect(next.outcome === 'not-sent' && (next.afterMs ?? 0)).toBeGreaterThan(50_000);
  expect(graph.asked).toHaveLength(1);
});

test('the limit of one person does not hold up the others', async () => {
  await sent(graphError(429, 131056));
  expect(await sent(accepted('wamid.next'))).toMatchObject({ outcome: 'sent' });
});

test.each<[string, Answer, string]>([
  ['outside the window', graphError(400, 131047), 'More than 24 hours'],
  ['undeliverable', graphError(400, 131026), 'cannot be reached on WhatsApp'],
  ['not supported', graphError(400, 131051), 'does not support a message of this kind'],
  ['restricted', graphError(400, 368), 'has restricted this account'],
  ['not as it should be', graphError(400, 100, 'Param text is too long'), 'Param text is too long (code 100)'],
  ['refused by a new code', graphError(400, 987654, 'Because.'), 'WhatsApp refused this. Because. (code 987654)'],
  ['refused with a page', { status: 404, body: '<html>' }, 'WhatsApp refused this. (HTTP 404)'],
  ['too large for a gateway', { status: 413, body: '' }, 'WhatsApp refused this. (HTTP 413)'],
])('%s: it is refused, in words for the person who wrote it', async (_what, answer, words) => {
  const result = await sent(answer);
  expect(result.outcome).toBe('refused');
  expect(result.outcome === 'refused' && result.reason).toContain(words);
});

test('when nobody listens it was not sent', async () => {
  await graph.stop();
  expect(await open.session.send(text('hello'), never)).toMatchObject({ outcome: 'not-sent', afterMs: 2_000 });
  await graph.start();
});

test('nobody can tell when the connection ends in the middle of the request', async () => {
  const server = createServer((socket) => void socket.once('data', () => socket.resetAndDestroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const cut = openSession(`http://127.0.0.1:${port}`);
  await cut.wrote({ phone: ada });
  expect(await cut.session.send(text('hello'), never)).toMatchObject({ outcome: 'unknown' });
  await cut.runtime.close();
  await new Promise((resolve) => server.close(resolve));
});

test('what is still waiting when the bridge stops was not sent', async () => {
  expect(await open.session.send(text('hello'), AbortSignal.abort())).toMatchObject({ outcome: 'not-sent' });
  expect(graph.asked).toHaveLength(0);
});

test('a file that was not uploaded first was not sent', async () => {
  const content = { type: 'media', kind: 'image', file: sealed, mimeType: 'image/png' } as const;
  expect(await open.session.send(text('', { content }), never)).toMatchObject({ outcome: 'not-sent' });
  expect(graph.asked).toHaveLength(0);
});

test('a read or typing mark that did not get through is not said to have', async () => {
  graph.answer = () => graphError(500, 131000);
  await expect(open.session.markRead(chat, sendKey as never, never)).rejects.toMatchObject({
    code: 'CH-NETWORK-UNREACHABLE',
  });
  graph.answer = () => ({ status: 200, body: { success: true } });
  await expect(open.session.typing(chat, sendKey as never, never)).resolves.toBeUndefined();
});

test('the token goes along and the version of the API stands in the address, however graph_url ends', async () => {
  const slashed = openSession(`${graph.url}/`, { graph_version: 'v99.0' });
  await slashed.wrote({ phone: ada });
  await slashed.session.send(text('hello'), never);
  expect(graph.asked.at(-1)).toMatchObject({
    path: '/v99.0/106540352242922/messages',
    headers: { authorization: 'Bearer EAAG-token', 'content-type': 'application/json' },
  });
  await slashed.runtime.close();
});
