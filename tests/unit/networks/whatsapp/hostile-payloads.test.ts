/** Whatever stands in the place of a message, nothing breaks, nothing is dropped, and nothing is taken for another thing. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RemoteEvent } from '../../../../src/model/remote-event.ts';
import { decodeChange } from '../../../../src/networks/whatsapp/decode.ts';
import { changeShape, envelopeShape } from '../../../../src/networks/whatsapp/envelope.ts';
import { MemoryState } from './memory-state.ts';
import { change, message, sheena, textMessage } from './payloads.ts';
import { lineOf, seen } from './seen-in-room.ts';

const now = Date.UTC(2025, 5, 9);

/** JSON as it comes from a stranger: with the names of things in JavaScript, numbers out of bounds, half letters. */
const odd = fc.constantFrom<unknown>(
  ...['__proto__', 'constructor', 'toString', '\ud800', '\0', '', ' ', '0', '1e999', 'wamid.x', '🙂'.repeat(300)],
  ...[null, true, 0, -1, 1.5, 2 ** 60, 1e308, [], {}, [[]]],
  JSON.parse('{"__proto__":{"id":"x"},"toString":1,"valueOf":1,"length":-1}'),
);
const anyJson: fc.Arbitrary<unknown> = fc.oneof(odd, fc.jsonValue({ maxDepth: 3 }));
const either = <Value>(right: fc.Arbitrary<Value>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 4, arbitrary: right }, { weight: 1, arbitrary: anyJson });

const name = fc.constantFrom('16505551234', '491', 'US.1', 'US.2', 16505551234, '+492');
const types = ['text', 'image', 'audio', 'document', 'sticker', 'reaction', 'system', 'location', 'contacts', 'order'];
const body = either(
  fc.record(
    {
      body: either(fc.string()),
      id: either(fc.string()),
      caption: either(fc.string()),
      filename: anyJson,
      mime_type: either(fc.constantFrom('image/png', 'audio/ogg; codecs=opus')),
      sha256: anyJson,
      voice: anyJson,
      message_id: either(fc.string()),
      emoji: either(fc.constantFrom('👍', '')),
      wa_id: either(name),
      user_id: either(name),
      previous_user_id: either(name),
      latitude: anyJson,
      product_items: either(fc.array(anyJson)),
    },
    { requiredKeys: [] },
  ),
);
const hostileMessage = either(
  fc
    .record(
      {
        id: either(fc.string({ minLength: 1 })),
        type: either(fc.constantFrom(...types, 'interactive', 'button', 'unsupported', 'constructor')),
        from: either(name),
        from_user_id: either(name),
        timestamp: either(fc.constantFrom('1749416383', 1749416383, '-5', '9999999999999')),
        group_id: anyJson,
        context: either(fc.record({ id: anyJson, forwarded: anyJson, referred_product: anyJson })),
        referral: anyJson,
        errors: either(fc.array(either(fc.record({ code: anyJson, title: anyJson, error_data: anyJson })))),
      },
      { requiredKeys: ['id', 'type', 'from'] },
    )
    .chain((frame) => fc.tuple(fc.constant(frame), body, body))
    .map(([frame, own, other]) => ({
      ...frame,
      [typeof frame.type === 'string' ? frame.type : 'text']: own,
      text: other,
    })),
);
const hostileStatus = either(
  fc.record({
    id: either(fc.string()),
    status: either(fc.constantFrom('sent', 'delivered', 'read', 'played', 'failed')),
    timestamp: anyJson,
    recipient_id: either(name),
    recipient_user_id: either(name),
    errors: anyJson,
    biz_opaque_callback_data: anyJson,
  }),
);
const hostileContacts = either(
  fc.array(
    either(fc.record({ wa_id: either(name), user_id: either(name), profile: either(fc.record({ name: anyJson })) })),
  ),
);

async function decoded(value: object, state = new MemoryState()) {
  const unreadable: string[] = [];
  const { data } = changeShape.safeParse(JSON.parse(JSON.stringify(change(value))));
  const decoding = { state, now, historyWaitMs: 1, unreadable: (reason: string) => void unreadable.push(reason) };
  const events: readonly RemoteEvent[] = data === undefined ? [] : await decodeChange(data, decoding);
  return { events, unreadable, isRead: data !== undefined };
}

test('every message is shown or set aside, whatever it consists of, and what is shown can be stored', async () => {
  const list = fc.array(hostileMessage, { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(list, hostileContacts, async (messages, contacts) => {
      const { events, unreadable, isRead } = await decoded({ messages, contacts });
      expect(isRead).toBe(true);
      expect(events.length + unreadable.length).toBe(messages.length);
      for (const event of events) {
        expect(lineOf(event).isWellFormed()).toBe(true);
        expect(event.id.isWellFormed() && event.chat.isWellFormed()).toBe(true);
        expect(event.at).toBeGreaterThan(Date.UTC(2009, 0, 1) - 1);
        expect(event.at).toBeLessThanOrEqual(now + 24 * 3_600_000);
      }
    }),
    { numRuns: 600 },
  );
});

test('no status breaks anything, whatever it consists of', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(hostileStatus, { maxLength: 5 }), hostileContacts, async (statuses, contacts) => {
      const state = new MemoryState();
      await decoded({ contacts: [sheena], messages: [textMessage('hello')] }, state);
      const { events, unreadable } = await decoded({ statuses, contacts }, state);
      expect(events.length + unreadable.length).toBeLessThanOrEqual(statuses.length);
    }),
    { numRuns: 300 },
  );
});

test('no value of a change breaks anything, whatever it consists of', async () => {
  const value = fc.record(
    { messages: anyJson, statuses: anyJson, contacts: anyJson, groups: either(fc.array(anyJson)), errors: anyJson },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(value, anyJson, async (hostile, extra) => {
      await decoded(hostile);
      await decoded({ ...hostile, metadata: extra });
      envelopeShape.safeParse(extra);
    }),
    { numRuns: 500 },
  );
});

test('the same webhook a second time has the same ids, also when others came between', async () => {
  const list = fc.array(hostileMessage, { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(list, list, hostileContacts, async (messages, between, contacts) => {
      const state = new MemoryState();
      const idsOf = async (): Promise<string[]> =>
        (await decoded({ messages, contacts }, state)).events.map(({ id }) => id);
      const first = await idsOf();
      await decoded({ messages: between }, state);
      expect(await idsOf()).toEqual(first);
    }),
    { numRuns: 200 },
  );
});

test('two different things never have the same id, however alike their names are', async () => {
  const word = fc.constantFrom('status', 'read', 'message', 'text', '"', ',', '","', ' ', 'wamid.x', '\\', '[');
  const words = fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
  const thing = fc.record({ type: words, id: words });
  await fc.assert(
    fc.asyncProperty(thing, thing, async (one, other) => {
      const items = [one, other].map(({ type, id }) => ({ type, id, from: sheena.wa_id }));
      const { events } = await seen([
        { contacts: [sheena], messages: items },
        { statuses: [{ id: one.id, status: 'read', recipient_id: sheena.wa_id }] },
      ]);
      const isSame = one.type === other.type && one.id === other.id;
      expect(new Set(events.map(({ id }) => id)).size).toBe(isSame ? 2 : 3);
    }),
    { numRuns: 500 },
  );
});

test('a reaction and its removal are two things even under one id', async () => {
  const reaction = { message_id: 'wamid.a', emoji: '👍' };
  const given = message('reaction', { reaction });
  const { events } = await seen([{ messages: [given, { ...given, reaction: { message_id: 'wamid.a' } }] }]);
  expect(events.map(({ kind }) => kind)).toEqual(['reaction', 'reaction-removed']);
  expect(new Set(events.map(({ id }) => id)).size).toBe(2);
});

test('two reports of one group are two things, one report twice is one', async () => {
  const group = { group_id: 'g', type: 'group_create', timestamp: '1749416383' };
  const { events } = await seen([{ groups: [group, { ...group, subject: 'Bins' }, group] }]);
  const notices = events.filter(({ kind }) => kind === 'message');
  expect(new Set(notices.map(({ id }) => id)).size).toBe(2);
});

test('an id that no homeserver could keep is none', async () => {
  const { events, unreadable } = await decoded({
    contacts: [sheena],
    messages: [textMessage('a', { id: 'wamid.\0' }), textMessage('b', { group_id: 'g\0' })],
    groups: [{ group_id: 'g\0' }],
  });
  expect(events).toEqual([]);
  expect(unreadable).toHaveLength(3);
});

test('a number that is none makes no name that a homeserver refuses', async () => {
  const { events } = await decoded({ messages: [textMessage('a', { from: `\u202e\n${'x'.repeat(400)}` })] });
  expect(events).toMatchObject([{ from: { displayName: 'x'.repeat(100) } }]);
});

test('what is told of a group fits into an event, however long its words are', async () => {
  const people = Array.from({ length: 30 }, (_, index) => ({ wa_id: `${index}${'9'.repeat(400)}` }));
  const errors = [{ code: 1, error_data: { details: '\0'.repeat(5_000) } }];
  const group = {
    group_id: 'g',
    type: '\0'.repeat(5_000),
    subject: '\0'.repeat(5_000),
    added_participants: people,
    errors,
  };
  const { events } = await seen([{ groups: [group] }]);
  const lines = events.map(lineOf);
  expect(lines.join('')).toContain('WhatsApp could not do this');
  for (const line of lines) {
    expect(line).not.toContain('\0');
    expect(line.length).toBeLessThan(5_000);
  }
});

test('a list of everything that a body can hold is decoded', async () => {
  const messages = Array.from({ length: 15_000 }, (_, index) => textMessage('x', { id: `wamid.${index}` }));
  const { events } = await decoded({ contacts: Array.from({ length: 15_000 }, () => ({ wa_id: '1' })), messages });
  expect(events).toHaveLength(15_000);
});
