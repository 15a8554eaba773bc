/** What WhatsApp signed and nobody here can read is kept, counted, and stops nothing. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Readable } from 'node:stream';
import { createLog } from '../../../../src/base/logging.ts';
import { type AccountId, asId } from '../../../../src/model/ids.ts';
import type { Sink } from '../../../../src/networks/contract.ts';
import { Webhook } from '../../../../src/networks/whatsapp/webhook.ts';
import { appSecret, ConnectedNumber, phoneNumberId, signatureOf, verifyToken } from './connected-number.ts';
import { MemoryState } from './memory-state.ts';
import { change, envelope, message, messages, sheena, status, textMessage } from './payloads.ts';
import { lineOf } from './seen-in-room.ts';

let number: ConnectedNumber;
beforeEach(async () => {
  number = await ConnectedNumber.open();
});
afterEach(() => number.close());

const lines = async (): Promise<string[]> => (await number.arrived()).map(lineOf);

test('one unreadable message between others is kept aside, and the others are shown', async () => {
  const broken = { from: '16505551234', type: 'text', text: { body: 'no id' } };
  expect((await number.deliver(messages(textMessage('one'), broken, textMessage('two')))).status).toBe(200);
  expect(await lines()).toEqual(['Sheena Nelson: text "one"', 'Sheena Nelson: text "two"']);
  expect(await number.quarantined()).toEqual(['a message without the parts that every message has']);
});

const unreadableMessages: readonly unknown[] = [
  null,
  7,
  'text',
  [],
  {},
  message('text', { id: '' }),
  message('text', { id: 'x'.repeat(513) }),
  message('text', { id: { x: 1 } }),
  message('text', { id: 1e20 }),
  message('text', { type: '' }),
  message('text', { type: 'x'.repeat(257) }),
  message('text', { group_id: 'x'.repeat(513) }),
  message('text', { group_id: 5.5 }),
];

test.each(unreadableMessages.map((item) => [JSON.stringify(item).slice(0, 90), item]))(
  'a message like %s is kept aside as it is',
  async (_what, item) => {
    expect((await number.deliver(messages(item))).status).toBe(200);
    expect(await lines()).toEqual([]);
    expect(await number.quarantined()).toEqual(['a message without the parts that every message has']);
  },
);

test('a message of nobody is kept aside', async () => {
  const value = { contacts: [], messages: [{ id: 'wamid.x', type: 'text', text: { body: 'boo' } }] };
  expect((await number.deliver(envelope(change(value)))).status).toBe(200);
  expect(await number.quarantined()).toEqual(['a message without the parts that every message has']);
});

test.each<[string, unknown, string]>([
  ['messages that are no list', change({ messages: { 0: textMessage('a') } }), 'messages that are no list'],
  ['statuses that are no list', change({ statuses: 'read' }), 'statuses that are no list'],
  ['a status of nothing', change({ statuses: [null] }), 'a status without the parts that every status has'],
  [
    'a status of no message',
    change({ statuses: [status('read', { id: null })] }),
    'a status without the parts that every status has',
  ],
  [
    'what was written on the phone of the agency to nobody',
    change({ message_echoes: [textMessage('hi')] }, { field: 'smb_message_echoes' }),
    'a message of the Business app without the parts that every message has',
  ],
  [
    'a group without a name',
    change({ groups: [{ type: 'group_create', timestamp: { toString: 1 } }] }, { field: 'group_lifecycle_update' }),
    'a webhook of the field group_lifecycle_update without a group',
  ],
  ['a group of nothing', change({ groups: [null] }, { field: 'g' }), 'a webhook of the field g without a group'],
  [
    'news of the account, which names no number',
    { field: 'account_update', value: { event: 'VERIFIED_ACCOUNT' } },
    'a change that is not as WhatsApp documents it, or names no number',
  ],
  ['a change of nothing', null, 'a change that is not as WhatsApp documents it, or names no number'],
])('%s is kept aside with a reason', async (_what, item, reason) => {
  expect((await number.deliver(envelope(item))).status).toBe(200);
  expect(await number.quarantined()).toEqual([reason]);
  expect(await number.rows()).toBe(1);
});

test.each([
  ['no entry', { object: 'whatsapp_business_account' }],
  ['an entry that is no list', { object: 'whatsapp_business_account', entry: 'none' }],
])('a webhook of WhatsApp with %s is kept as a whole', async (_what, body) => {
  expect((await number.deliver(body)).status).toBe(200);
  expect(await number.quarantined()).toEqual(['a body that is not as WhatsApp documents it']);
});

test('an entry that cannot be read is kept aside, and the others are shown', async () => {
  const good = { id: '1', changes: [change({ contacts: [sheena], messages: [textMessage('hello')] })] };
  const body = { object: 'whatsapp_business_account', entry: [{ id: '2', messaging: [] }, good] };
  expect((await number.deliver(body)).status).toBe(200);
  expect(await lines()).toEqual(['Sheena Nelson: text "hello"']);
  expect(await number.quarantined()).toEqual(['a change that is not as WhatsApp documents it, or names no number']);
});

test('a webhook without any change is taken and leaves nothing behind', async () => {
  expect((await number.deliver(envelope())).status).toBe(200);
  expect((await number.deliver(messages())).status).toBe(200);
  expect(await number.rows()).toBe(0);
});

test('what is kept aside is kept once, however often it comes', async () => {
  for (let times = 0; times < 3; times += 1) await number.deliver(messages({ nothing: 'known' }));
  expect(await number.quarantined()).toHaveLength(1);
});

test('thousands of unreadable things in one body take one place', async () => {
  const many = Array.from({ length: 20_000 }, (_, index) => ({ strange: index }));
  expect((await number.deliver(messages(...many, textMessage('and one word')))).status).toBe(200);
  expect(await lines()).toEqual(['Sheena Nelson: text "and one word"']);
  expect(await number.quarantined()).toHaveLength(1);
});

test('thousands of changes that are none take one place', async () => {
  const many = Array.from({ length: 20_000 }, (_, index) => index);
  expect((await number.deliver(envelope(...many, change({ messages: [textMessage('and one word')] })))).status).toBe(
    200,
  );
  expect(await number.arrived()).toHaveLength(1);
  expect(await number.quarantined()).toEqual(['a change that is not as WhatsApp documents it, or names no number']);
});

test('what is kept aside is what came, not what was read in it', async () => {
  const kept: unknown[] = [];
  const sink: Sink = {
    accept: async (_account, decode) => {
      await decode(new MemoryState());
    },
    quarantine: async (_account, _reason, raw) => void kept.push(JSON.parse(String(raw))),
  };
  const context = {
    sink,
    clock: { now: () => 1 },
    log: createLog('silent'),
    onAccount: () => undefined,
    stateOf: () => new MemoryState(),
  };
  const credentials = { phoneNumberId, accessToken: 'EAAG', appSecret, verifyToken };
  const { routes } = new Webhook({
    historyWaitMs: 1,
    path: '/whatsapp',
    context: { ...context, openFile: () => Readable.from([]), onCall: () => undefined },
    numbers: new Map([[phoneNumberId, { account: asId<AccountId>('whatsapp/1'), credentials }]]),
  });
  const odd = change({ statuses: null, errors: 'all of them' });
  const body = Buffer.from(JSON.stringify(envelope(odd)));
  const headers = { 'x-hub-signature-256': signatureOf(body) };
  const post = routes.find(({ method }) => method === 'POST');
  expect(await post?.handle({ params: {}, query: new URLSearchParams(), headers, body })).toMatchObject({
    status: 200,
  });
  expect(kept).toEqual([odd]);
});

test('more changes in one body than the store lets wait are all taken', async () => {
  const changes = Array.from({ length: 2_500 }, (_, index) =>
    change({ contacts: [sheena], messages: [textMessage(index, { id: `wamid.n${index}` })] }),
  );
  expect((await number.deliver(envelope(...changes))).status).toBe(200);
  const { waiting } = await number.store.read.journal.counts();
  expect(waiting).toBe(2_500);
});
