/** Networks deliver again and again, and in the middle of everything: what they say is kept once, whole, or not at all. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { ChanceryError } from '../../../src/base/errors.ts';
import { createSink } from '../../../src/bridge/sink.ts';
import {
  asId,
  type ChatId,
  type ContactId,
  type RemoteEventId,
  type RemoteMessageId,
  type SendKey,
} from '../../../src/model/ids.ts';
import type { MessageEvent, RemoteEvent } from '../../../src/model/remote-event.ts';
import { plainText } from '../../../src/model/rich-text.ts';
import type { Sink } from '../../../src/networks/contract.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { account } from './fake-session.ts';

let directory: string;
let store: Store;
let sink: Sink;
/** What happened, in order: `durable` and the lanes that were woken. */
let happened: string[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'chancery-sink-'));
  happened = [];
  await open();
  await store.write((unit) => unit.accounts.put({ ...account, createdAt: 1 }));
});

afterEach(async () => {
  jest.restoreAllMocks();
  await store.close();
  rmSync(directory, { recursive: true });
});

async function open(): Promise<void> {
  store = openStore(directory, new Uint8Array(32).fill(3));
  const telling: Store = {
    ...store,
    write: async (work) => {
      const result = await store.write(work);
      happened.push('durable');
      return result;
    },
  };
  sink = createSink({ store: telling, now: () => 5, wake: (lane) => happened.push(lane) });
}

const chat = asId<ChatId>('chat');
const accept = (...events: readonly RemoteEvent[]): Promise<void> => sink.accept(account.id, async () => events);

const message = (id: string, more: Partial<MessageEvent> = {}): MessageEvent => ({
  kind: 'message',
  id: asId<RemoteEventId>(id),
  chat,
  at: 1,
  from: { id: asId<ContactId>('erin'), displayName: 'Erin' },
  message: asId<RemoteMessageId>(id),
  content: { type: 'text', text: plainText('hello') },
  ...more,
});

const receipt = (id: string, kind: 'delivery-receipt' | 'read-receipt'): RemoteEvent => ({
  ...(kind === 'read-receipt' ? { kind } : { kind, state: 'delivered' }),
  id: asId<RemoteEventId>(id),
  chat,
  at: 1,
  message: asId<RemoteMessageId>('m'),
});

const waiting = async (): Promise<number> => (await store.read.journal.counts()).waiting;

test('a message is journalled in the lane of its portal, which is woken only when it is durable', async () => {
  await accept(message('1'));
  const portal = await store.read.portals.find(account.id, chat);
  const lane = `in/${portal?.id ?? 'none'}`;
  expect(happened).toEqual(['durable', lane]);
  expect(portal).toMatchObject({ name: 'Erin', roomId: null });
  expect((await store.read.journal.head(asId(lane)))?.payload).toEqual({ portal: portal?.id, event: message('1') });
});

test('the same event is journalled once, told twice in one delivery, in two, or after a restart', async () => {
  await accept(message('1'), message('1'));
  await accept(message('1'));
  await store.close();
  await open();
  happened = [];
  await accept(message('1', { content: { type: 'text', text: plainText('other words') } }));
  expect(await waiting()).toBe(1);
  expect(happened).toEqual(['durable']);
});

test('the same id of another account is another event', async () => {
  const other = { ...account, id: asId<typeof account.id>('parrot-2') };
  await store.write((unit) => unit.accounts.put({ ...other, createdAt: 1 }));
  await accept(message('1'));
  await sink.accept(other.id, async () => [message('1')]);
  expect(await waiting()).toBe(2);
});

test('events of one delivery keep their order, and each lane is woken once', async () => {
  await accept(message('1'), message('2', { chat: asId<ChatId>('other') }), message('3'));
  expect(happened).toHaveLength(3);
  const portal = await store.read.portals.find(account.id, chat);
  const head = await store.read.journal.head(asId(`in/${portal?.id ?? 'none'}`));
  expect(head?.dedupeKey).toBe('parrot-1 1');
});

test("the adapter's own writes and its events are durable together", async () => {
  await sink.accept(account.id, async (state) => {
    await state.put('cursor', { at: 7 });
    expect(await state.get('cursor')).toEqual({ at: 7 });
    return [message('1')];
  });
  expect(await store.read.accounts.stateOf(account.id, 'cursor')).toEqual({ at: 7 });
  expect(await waiting()).toBe(1);
});

test('of a decoder that throws after a write, nothing is left, and nobody is woken', async () => {
  const decoding = sink.accept(account.id, async (state) => {
    await state.put('cursor', { at: 7 });
    throw new Error('decoder broke');
  });
  await expect(decoding).rejects.toThrow('decoder broke');
  expect(await store.read.accounts.stateOf(account.id, 'cursor')).toBeUndefined();
  expect(happened).toEqual([]);
});

test('of a delivery whose second event cannot be stored, the first and its portal are not kept either', async () => {
  const unstorable = message('2', { chat: asId<ChatId>('other'), from: { id: asId<ContactId>('x') } });
  const broken = {
    ...unstorable,
    content: {
      toJSON: () => {
        throw new Error('no JSON');
      },
    },
  } as unknown as MessageEvent;
  await expect(accept(message('1'), broken)).rejects.toThrow('no JSON');
  expect(await waiting()).toBe(0);
  expect(await store.read.portals.find(account.id, chat)).toBeUndefined();
});

test('a delivery that could not be stored is a failure to its network, and is taken in when it comes again', async () => {
  jest.spyOn(store, 'write').mockRejectedValueOnce(new ChanceryError('CH-STORE-FAILED'));
  await expect(accept(message('1'))).rejects.toMatchObject({ code: 'CH-STORE-FAILED' });
  await accept(message('1'));
  expect(await waiting()).toBe(1);
});

test.each(['delivery-receipt', 'read-receipt'] as const)(
  'a %s for a chat without a portal is not kept, and makes none',
  async (kind) => {
    await accept(receipt('1', kind));
    expect([await waiting(), await store.read.portals.find(account.id, chat)]).toEqual([0, undefined]);
    await accept(message('2'), receipt('1', kind));
    expect(await waiting()).toBe(2);
  },
);

test('a receipt that says nothing new is not kept; one that does is, beside the lane of the messages', async () => {
  await accept(message('1'));
  const portal = await store.read.portals.find(account.id, chat);
  const row = await store.read.journal.head(asId(`in/${portal?.id ?? 'none'}`));
  if (row === undefined || portal === undefined) throw new Error('nothing was journalled');
  const outcome = { state: 'delivered', remoteId: asId<RemoteMessageId>('m') } as const;
  await store.write((unit) =>
    unit.parts.ensure({
      journalId: row.id,
      number: 0,
      portalId: portal.id,
      direction: 'out',
      kind: 'message',
      author: 'ana',
      updatedAt: 1,
      ...outcome,
    }),
  );
  happened = [];
  await accept(receipt('2', 'delivery-receipt'));
  expect([await waiting(), happened]).toEqual([1, ['durable']]);
  await accept(receipt('3', 'read-receipt'));
  expect([await waiting(), happened.at(-1)]).toEqual([2, `in/feedback/${portal.id}`]);
});

test('a receipt that brings back what we sent along finds its chat, under whatever name the network calls it', async () => {
  await accept(message('1'));
  const sendKey = asId<SendKey>('chancery:key');
  const row = await store.read.journal.head((await store.read.journal.lanes('in', undefined, 1))[0] ?? asId('none'));
  const portal = await store.read.portals.find(account.id, chat);
  if (row === undefined || portal === undefined) throw new Error('nothing was journalled');
  await store.write((unit) =>
    unit.parts.ensure({
      journalId: row.id,
      number: 0,
      portalId: portal.id,
      direction: 'out',
      kind: 'message',
      author: 'ana',
      sendKey,
      updatedAt: 1,
    }),
  );
  const elsewhere = { chat: asId<ChatId>('another name of the chat'), sendKey };
  await accept({ ...receipt('2', 'delivery-receipt'), ...elsewhere });
  await accept({
    ...receipt('3', 'read-receipt'),
    chat: elsewhere.chat,
    sendKey: asId<SendKey>('not ours'),
  } as RemoteEvent);
  expect(await waiting()).toBe(2);
});

test('a body that nobody could read is set aside once, blocks nothing, and does not stand in the way of others', async () => {
  const body = Buffer.from('{"broken');
  await sink.quarantine(account.id, 'not JSON', body);
  await sink.quarantine(account.id, 'not JSON', body);
  await sink.quarantine(account.id, 'not JSON', Buffer.from('another'));
  await accept(message('1'));
  expect(await store.read.journal.counts()).toMatchObject({ quarantined: 2, waiting: 1 });
  expect(await store.read.journal.lanes('in', undefined, 10)).toHaveLength(1);
  const [first] = await store.read.journal.needingAttention(1, 10);
  expect(first).toMatchObject({ state: 'quarantined', lastError: 'not JSON' });
});
