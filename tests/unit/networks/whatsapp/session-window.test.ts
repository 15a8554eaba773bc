/** Whether somebody may be written to is known, and said, before anything is sent. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { asId, type ChatId } from '../../../../src/model/ids.ts';
import { decodeChange } from '../../../../src/networks/whatsapp/decode.ts';
import { changeShape } from '../../../../src/networks/whatsapp/envelope.ts';
import { FakeGraph } from './fake-graph.ts';
import { ada, chat, openSession, type OpenSession } from './open-session.ts';
import { change, message, sheena, textMessage } from './payloads.ts';

const hourMs = 3_600_000;
const graph = new FakeGraph();
let open: OpenSession;
beforeAll(() => graph.start());
beforeEach(() => {
  open = openSession(graph.url);
});
afterAll(() => graph.stop());

const refusal = (of: ChatId = chat): Promise<string | undefined> => open.session.refusal(of, 'message');
const arrive = async (item: object, now = open.clock.time): Promise<void> => {
  const value = changeShape.parse(change({ contacts: [sheena], messages: [item] }));
  await decodeChange(value, { state: open.state, now, historyWaitMs: 1, unreadable: () => undefined });
};
const seconds = (ms: number): string => String(Math.floor(ms / 1_000));

test('who wrote may be answered for 24 hours, and not a moment longer', async () => {
  await open.wrote({ phone: ada });
  expect(await refusal()).toBeUndefined();
  open.clock.time += 24 * hourMs - 1;
  expect(await refusal()).toBeUndefined();
  open.clock.time += 1;
  expect(await refusal()).toBe(
    "WhatsApp lets you write only within 24 hours of this person's last message (2026-06-01 12:00 UTC). Wait until they write again, or send a template (`!chancery template list`).",
  );
  await open.wrote({ phone: ada });
  expect(await refusal()).toBeUndefined();
});

test('an older message that arrives late does not shorten the time', async () => {
  await open.wrote({ phone: ada });
  await open.wrote({ phone: ada }, open.clock.time - 30 * hourMs);
  expect(await refusal()).toBeUndefined();
});

test('a message that arrives after its 24 hours opens nothing', async () => {
  await arrive(textMessage('hello', { timestamp: seconds(open.clock.time - 25 * hourMs) }));
  expect(await refusal()).toContain('24 hours');
});

test('a clock that goes ahead at WhatsApp does not lengthen the time', async () => {
  await arrive(textMessage('hello', { timestamp: seconds(open.clock.time + 20 * hourMs) }));
  open.clock.time += 24 * hourMs;
  expect(await refusal()).toContain('24 hours');
});

test('who never wrote may not be written to', async () => {
  await arrive(message('system', { system: { body: 'changed', wa_id: '12195555358' } }));
  expect(await refusal()).toContain('freely only to people who wrote first');
});

test('what somebody writes in a group opens the group for 24 hours, and not the chat between two', async () => {
  await arrive(textMessage('hello all', { group_id: 'group-1' }));
  expect(await refusal()).toContain('freely only to people who wrote first');
  expect(await refusal(asId<ChatId>('group-1'))).toContain("24 hours of the group's last message");
  await arrive(textMessage('again', { id: 'wamid.again', group_id: 'group-1', timestamp: seconds(open.clock.time) }));
  expect(await refusal(asId<ChatId>('group-1'))).toBeUndefined();
  expect(await refusal()).toContain('freely only to people who wrote first');
});

test('nothing of this was asked of WhatsApp', () => {
  expect(graph.asked).toEqual([]);
});
