/** A contact stays the same contact, in the same chat, under whatever name WhatsApp gives; a stranger never becomes one. */
import { beforeEach, expect, test } from '@jest/globals';
import type { RemoteEvent } from '../../../../src/model/remote-event.ts';
import { addressOf } from '../../../../src/networks/whatsapp/identity.ts';
import { MemoryState } from './memory-state.ts';
import { status } from './payloads.ts';
import { seen } from './seen-in-room.ts';

const phone = '16505551234';
const newPhone = '12195555358';
const user = 'US.13491208655302741918';
const newUser = 'US.999';

let state: MemoryState;
let ids = 0;
beforeEach(() => {
  state = new MemoryState();
});

/** Seconds after a moment. */
const at = (seconds: number): string => String(1_749_416_383 + seconds);

interface Names {
  readonly phone?: string;
  readonly user?: string;
  readonly name?: string;
}

const named = ({ phone: from, user: from_user_id }: Names): object => ({
  ...(from === undefined ? {} : { from }),
  ...(from_user_id === undefined ? {} : { from_user_id }),
});

async function events(value: object): Promise<readonly RemoteEvent[]> {
  const { events: found, unreadable } = await seen([value], { state });
  expect(unreadable).toEqual([]);
  return found;
}

/** The event of a text; its names stand in the message and in `contacts`. */
async function writes(names: Names, seconds = 0, more: object = {}): Promise<RemoteEvent | undefined> {
  ids += 1;
  const { phone: wa_id, user: user_id, name } = names;
  const contact = {
    ...(name === undefined ? {} : { profile: { name } }),
    ...(wa_id === undefined ? {} : { wa_id }),
    ...(user_id === undefined ? {} : { user_id }),
  };
  const text = { id: `wamid.${ids}`, timestamp: at(seconds), type: 'text', text: { body: 'hello' } };
  const [event] = await events({ contacts: [contact], messages: [{ ...named(names), ...text, ...more }] });
  return event;
}

const chatOf = async (names: Names, seconds = 0): Promise<string | undefined> => (await writes(names, seconds))?.chat;

async function changes(names: Names, system: object, seconds: number): Promise<string | undefined> {
  ids += 1;
  const message = { ...named(names), id: `wamid.${ids}`, timestamp: at(seconds), type: 'system', system };
  return (await events({ messages: [message] }))[0]?.chat;
}

const speaker = (event: RemoteEvent | undefined): string | undefined =>
  event !== undefined && 'from' in event ? event.from.displayName : undefined;

test('a contact is known by the business-scoped id where there is one', async () => {
  expect(await chatOf({ phone, user })).toBe(user);
});

test('a contact without one is known by the number', async () => {
  expect(await chatOf({ phone })).toBe(phone);
  expect(await chatOf({ phone: `+${phone}` })).toBe(phone);
});

test('who was known by both is found by either', async () => {
  const chat = await chatOf({ phone, user });
  expect(await chatOf({ user })).toBe(chat);
  expect(await chatOf({ phone })).toBe(chat);
});

test('who was known by the number alone keeps the chat when the id comes, and when the number goes', async () => {
  const chat = await chatOf({ phone });
  expect(await chatOf({ phone, user })).toBe(chat);
  expect(await chatOf({ user })).toBe(chat);
});

test('a name that stands in contacts only counts as well', async () => {
  const message = { id: 'wamid.x', type: 'text', text: { body: 'hello' } };
  const [event] = await events({
    contacts: [{ wa_id: phone, user_id: user }],
    messages: [{ from: phone, ...message }],
  });
  expect(event?.chat).toBe(user);
  const [other] = await events({ contacts: [{ wa_id: phone }], messages: [message] });
  expect(other?.chat).toBe(user);
});

test('of several people in one webhook each is who they are', async () => {
  const contacts = [
    { wa_id: '491', user_id: 'DE.1', profile: { name: 'Ann' } },
    { wa_id: '492', profile: { name: 'Ben' } },
  ];
  const text = { type: 'text', text: { body: 'hello' } };
  const messages = [
    { ...text, id: 'a', from: '492' },
    { ...text, id: 'b', from: '491' },
    { ...text, id: 'c', from: '493' },
  ];
  expect((await events({ contacts, messages })).map((event) => [event.chat, speaker(event)])).toEqual([
    ['492', 'Ben'],
    ['DE.1', 'Ann'],
    ['493', '+493'],
  ]);
});

test('one contact does not lend its name to the authors of other messages', async () => {
  const text = { type: 'text', text: { body: 'hello' } };
  const messages = [
    { ...text, id: 'a', from: phone },
    { ...text, id: 'b', from: '492' },
  ];
  const found = await events({ contacts: [{ wa_id: phone, user_id: user, profile: { name: 'Ann' } }], messages });
  expect(found.map((event) => [event.chat, speaker(event)])).toEqual([
    [user, 'Ann'],
    ['492', '+492'],
  ]);
});

test('a new number keeps the chat, and is what is written to', async () => {
  const chat = await chatOf({ phone });
  expect(await changes({ phone }, { type: 'user_changed_number', wa_id: newPhone }, 10)).toBe(chat);
  expect(await chatOf({ phone: newPhone }, 20)).toBe(chat);
  expect(await addressOf(state, String(chat))).toMatchObject({ phone: newPhone });
});

test('a new number that brings a new user id keeps the chat under both', async () => {
  const chat = await chatOf({ phone, user });
  const system = { type: 'user_changed_number', wa_id: newPhone, user_id: newUser, previous_user_id: user };
  expect(await changes({ phone }, system, 10)).toBe(chat);
  expect(await chatOf({ user: newUser }, 20)).toBe(chat);
  expect(await chatOf({ phone: newPhone }, 20)).toBe(chat);
});

test('a new user id without any number keeps the chat', async () => {
  const chat = await chatOf({ user });
  const system = { type: 'user_changed_user_id', user_id: newUser, previous_user_id: user };
  expect(await changes({}, system, 10)).toBe(chat);
  expect(await chatOf({ user: newUser }, 20)).toBe(chat);
  expect(await addressOf(state, String(chat))).toMatchObject({ userId: newUser });
});

test('a message of before the change that arrives after it comes into the same chat and changes nothing', async () => {
  const chat = await chatOf({ phone });
  await changes({ phone }, { wa_id: newPhone }, 10);
  expect(await chatOf({ phone }, 5)).toBe(chat);
  expect(await addressOf(state, String(chat))).toMatchObject({ phone: newPhone });
});

test('the change of a number that is told again later changes nothing', async () => {
  const chat = await chatOf({ phone });
  await changes({ phone }, { wa_id: newPhone }, 10);
  await changes({ phone: newPhone }, { wa_id: '12195550000' }, 20);
  expect(await changes({ phone }, { wa_id: newPhone }, 10)).toBe(chat);
  expect(await addressOf(state, String(chat))).toMatchObject({ phone: '12195550000' });
  expect(await chatOf({ phone: '12195550000' }, 30)).toBe(chat);
});

test('a stranger who gets a number that was left is not taken for its former owner', async () => {
  const chat = await chatOf({ phone });
  await changes({ phone }, { wa_id: newPhone }, 10);
  const stranger = await chatOf({ phone }, 1_000);
  expect(stranger).not.toBe(chat);
  expect(await chatOf({ phone }, 1_001)).toBe(stranger);
  expect(await chatOf({ phone: newPhone }, 1_002)).toBe(chat);
  expect(await addressOf(state, String(stranger))).toMatchObject({ phone });
});

test('another user id on a known number is somebody else, and the former owner is not written to under it', async () => {
  const chat = await chatOf({ phone, user });
  const stranger = await chatOf({ phone, user: newUser }, 1_000);
  expect(stranger).toBe(newUser);
  expect(await chatOf({ phone }, 1_001)).toBe(stranger);
  const former = await addressOf(state, String(chat));
  expect(former).toMatchObject({ userId: user });
  expect(former).not.toHaveProperty('phone');
  expect(await chatOf({ user }, 1_002)).toBe(chat);
});

test('a status finds the chat by the number, by the user id, and by the contact beside it', async () => {
  const chat = await chatOf({ phone, user });
  const chats = async (value: object): Promise<(string | undefined)[]> =>
    (await events(value)).map((event) => event.chat);
  const plain = { recipient_id: undefined };
  expect(await chats({ statuses: [status('read')] })).toEqual([chat]);
  expect(await chats({ statuses: [status('read', { ...plain, recipient_user_id: user })] })).toEqual([chat]);
  expect(await chats({ statuses: [status('read', { recipient_id: '999', recipient_user_id: user })] })).toEqual([chat]);
  expect(await chats({ statuses: [status('read', plain)], contacts: [{ user_id: user }] })).toEqual([chat]);
  expect(await chats({ statuses: [status('read', { recipient_id: 'group-1', recipient_type: 'group' })] })).toEqual([
    'group-1',
  ]);
});

test('a status that names the user id of a known number teaches it', async () => {
  const chat = await chatOf({ phone });
  await events({ statuses: [status('delivered', { recipient_user_id: user })] });
  expect(await chatOf({ user })).toBe(chat);
});

test('what was sent along is told with the status', async () => {
  await chatOf({ phone });
  const [event] = await events({ statuses: [status('sent', { biz_opaque_callback_data: 'chancery:key' })] });
  expect(event).toMatchObject({ sendKey: 'chancery:key', message: 'wamid.ours' });
});

test('who has told a name is called by it, also where a webhook names none', async () => {
  expect(speaker(await writes({ phone, name: 'Sheena Nelson' }))).toBe('Sheena Nelson');
  expect(speaker(await writes({ phone }))).toBe('Sheena Nelson');
  expect(speaker(await writes({ phone, name: '  ' }))).toBe('Sheena Nelson');
  expect(speaker(await writes({ phone, name: 'Sheena N.' }))).toBe('Sheena N.');
  expect(speaker(await writes({ phone: '492' }))).toBe('+492');
});

test('a name cannot break or turn around the line that it stands in, nor be too long for a homeserver', async () => {
  expect(speaker(await writes({ phone, name: ' Town\nClerk\u202e ' }))).toBe('TownClerk');
  expect(speaker(await writes({ phone, name: 'x'.repeat(5_000) }))).toHaveLength(100);
});

test('what is said in a group comes into the chat of the group, by who says it', async () => {
  const event = await writes({ phone, name: 'Ann' }, 0, { group_id: 'group-1' });
  expect(event).toMatchObject({ chat: 'group-1', from: { id: phone, displayName: 'Ann' } });
  expect(await chatOf({ phone })).toBe(phone);
});
