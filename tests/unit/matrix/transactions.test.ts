import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ChanceryError } from '../../../src/base/errors.ts';
import { HttpListener } from '../../../src/base/http-listener.ts';
import { createLog } from '../../../src/base/logging.ts';
import { type TransactionBatch, transactionRoutes } from '../../../src/matrix/transactions.ts';

const token = 'the-token-of-the-homeserver';
let batches: TransactionBatch[] = [];
let failure: Error | undefined;
let listener: HttpListener;
let base = '';

beforeEach(async () => {
  batches = [];
  failure = undefined;
  const accept = async (batch: TransactionBatch): Promise<void> => {
    if (failure !== undefined) throw failure;
    batches.push(batch);
  };
  listener = new HttpListener(transactionRoutes({ homeserverToken: token, accept }), createLog('silent'));
  base = `http://127.0.0.1:${await listener.start({ host: '127.0.0.1', port: 0 })}`;
});
afterEach(() => listener.stop());

const event = (more: object = {}): object => ({
  event_id: '$one',
  room_id: '!room',
  sender: '@erin:agency.example',
  type: 'm.room.message',
  origin_server_ts: 1_700_000_000_000,
  content: { msgtype: 'm.text', body: 'hello' },
  ...more,
});

async function push(body: unknown, authorization = `Bearer ${token}`): Promise<Response> {
  return fetch(`${base}/_matrix/app/v1/transactions/1`, {
    method: 'PUT',
    headers: authorization === '' ? {} : { authorization },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

test('a transaction is answered after it was accepted, with its events typed', async () => {
  const answer = await push({ events: [event({ unsigned: { age: 5 } }), event({ event_id: '$two', state_key: '' })] });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({});
  expect(batches).toEqual([
    {
      transaction: '1',
      events: [event({ unsigned: { age: 5 } }), event({ event_id: '$two', state_key: '' })],
      unreadable: [],
      ephemeral: [],
    },
  ]);
});

test('what cannot be stored now is answered with 503, so that it comes again', async () => {
  failure = new ChanceryError('CH-STORE-BUSY');
  const answer = await push({ events: [event()] });
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ errcode: 'CH-STORE-BUSY' });
});

test('no token is 401, a wrong one 403, and nothing is accepted', async () => {
  expect((await push({ events: [] }, '')).status).toBe(401);
  expect((await push({ events: [] }, 'Basic eA==')).status).toBe(401);
  expect((await push({ events: [] }, 'Bearer wrong')).status).toBe(403);
  expect((await push({ events: [] }, `Bearer ${token}x`)).status).toBe(403);
  expect(batches).toEqual([]);
});

test('a token in the query does not count', async () => {
  const answer = await fetch(`${base}/_matrix/app/v1/transactions/1?access_token=${token}`, {
    method: 'PUT',
    body: '{}',
  });
  expect(answer.status).toBe(401);
});

test('one event that nobody can read is set aside and the others go on', async () => {
  const broken = [
    { nonsense: true },
    event({ event_id: 7 }),
    event({ event_id: `$${'x'.repeat(255)}` }),
    event({ room_id: 'room' }),
    event({ content: [] }),
    event({ origin_server_ts: 'yesterday' }),
    event({ state_key: 'ß'.repeat(128) }),
    null,
    'event',
  ];
  const answer = await push({ events: [event(), ...broken, event({ event_id: '$last' })] });
  expect(answer.status).toBe(200);
  expect(batches[0]?.events.map(({ event_id }) => event_id)).toEqual(['$one', '$last']);
  expect(batches[0]?.unreadable.map(({ raw }) => JSON.parse(raw) as unknown)).toEqual(broken);
  expect(batches[0]?.unreadable[5]).toMatchObject({ event: '$one', room: '!room' });
});

test('thousands of things that are no events take one place, and the event behind them is taken', async () => {
  const odd = Array.from({ length: 20_000 }, (_, index) => (index % 2 === 0 ? index : { event_id: `$${index}` }));
  expect((await push({ events: [...odd, event()] })).status).toBe(200);
  const [{ events, unreadable } = { events: [], unreadable: [] }] = batches;
  expect(events).toHaveLength(1);
  expect(unreadable).toHaveLength(101);
  expect(unreadable.flatMap(({ raw }) => JSON.parse(raw) as unknown)).toEqual(odd);
});

test('an id with half a letter cannot be kept, so that the event is set aside as it is', async () => {
  const half = '\ud83d';
  const broken = [{ event_id: `$${half}` }, { room_id: `!${half}` }, { sender: `@${half}` }, { state_key: half }].map(
    event,
  );
  expect((await push({ events: broken })).status).toBe(200);
  expect(batches[0]?.events).toEqual([]);
  expect(batches[0]?.unreadable.map(({ raw }) => JSON.parse(raw) as unknown)).toEqual(broken);
  // The name of an event that has one is known all the same.
  expect(batches[0]?.unreadable.map((each) => each.event)).toEqual([undefined, '$one', '$one', '$one']);
});

test('an event that somebody nested absurdly does not stop the bridge', async () => {
  for (const depth of [100, 30_000]) {
    const bomb = JSON.stringify(event({ event_id: '$bomb' })).replace('"hello"', '['.repeat(depth) + ']'.repeat(depth));
    const answer = await push(`{"events":[${bomb},${JSON.stringify(event())}]}`);
    expect(answer.status).toBe(200);
    expect(batches.at(-1)?.events).toHaveLength(1);
    expect(batches.at(-1)?.unreadable).toMatchObject([{ event: '$bomb' }]);
  }
});

test('typing and receipts come by their stable and by their older name', async () => {
  const typing = { type: 'm.typing', room_id: '!room', content: { user_ids: ['@erin:agency.example'] } };
  const read = { type: 'm.typing', room: '!room', content: typing.content };
  await push({ events: [], ephemeral: [typing, { type: 'm.typing' }, 3] });
  await push({ events: [], 'de.sorunome.msc2409.ephemeral': [typing] });
  expect(batches.map(({ ephemeral }) => ephemeral)).toEqual([[read], [read]]);
});

test('a body that is no transaction is refused', async () => {
  for (const body of ['', '{', '[]', '"x"', '{}', '{"events":{}}']) expect((await push(body)).status).toBe(400);
  expect((await push(`{"events":[],"x":"${'x'.repeat(9 * 1024 * 1024)}"}`)).status).toBe(413);
  expect(batches).toEqual([]);
});

test('ping is answered, and users and rooms are never made on demand', async () => {
  const headers = { authorization: `Bearer ${token}` };
  const ping = await fetch(`${base}/_matrix/app/v1/ping`, { method: 'POST', headers, body: '{"transaction_id":"x"}' });
  expect([ping.status, await ping.json()]).toEqual([200, {}]);
  for (const path of ['users/%40chancery_x%3Aagency.example', 'rooms/%23chancery_x%3Aagency.example']) {
    const answer = await fetch(`${base}/_matrix/app/v1/${path}`, { headers });
    expect([answer.status, await answer.json()]).toMatchObject([404, { errcode: 'M_NOT_FOUND' }]);
    expect((await fetch(`${base}/_matrix/app/v1/${path}`)).status).toBe(401);
  }
});
