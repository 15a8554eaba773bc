/** Rooms of chats are found, set right and closed by commands; an account is logged out; what was said and what waits stays. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loginAnswers } from '../peers/house.ts';
import type { OrdinaryClient } from '../peers/matrix-client/ordinary-client.ts';
import { replyTarget, Scene } from '../peers/scene.ts';

let scene: Scene;
let ben: OrdinaryClient;
let office: string;
const bot = '@chancery:localhost';

beforeAll(async () => {
  scene = await Scene.open({ officials: ['ana', 'ben'], invited: ['ana', 'ben'] });
  ben = await scene.house.client('ben');
  office = await scene.ana.createDirectRoom(bot);
  await scene.ana.waitForEvent(
    ({ room_id: room, sender, content }) => room === office && sender === bot && content['membership'] === 'join',
    { what: 'the bot in its room' },
  );
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

const ask = async (line: string): Promise<string> => scene.answerTo(await scene.ana.sendText(office, line));
const joinedTo = async (room: string): Promise<string[]> => Object.keys(await scene.ana.members(room));

async function removed(client: OrdinaryClient, room: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const { joined_rooms: rooms } = (await client.call('GET', '/joined_rooms')) as { joined_rooms: string[] };
    if (!rooms.includes(room)) return;
    if (Date.now() > deadline) throw new Error(`${client.userId} is still in ${room}`);
    await delay(100);
  }
}

test('a chat is found by its name and by digits of its number, with its room', async () => {
  const { phone, room } = await scene.openChat('find me');
  const name = `Citizen ${Number(phone.slice(-5))}`;
  for (const text of [name.toLowerCase(), phone.slice(4)]) {
    const answer = await ask(`search ${text}`);
    expect(answer).toContain(name);
    expect(decodeURIComponent(answer)).toContain(room);
  }
  expect(await ask('search nobody of this name')).toContain('No chat has');
});

test('sync-portal invites again who left and sets the name right, and then finds nothing to do', async () => {
  const { room } = await scene.openChat('set me right');
  await ben.waitForEvent(({ room_id: id }) => id === room, { what: 'the invitation of ben', timeoutMs: 20_000 });
  await ben.call('POST', `/rooms/${encodeURIComponent(room)}/leave`, {});
  expect(await scene.command(room, 'sync-portal')).toBe('Set right: 0. Invited: 1.');
  expect(await scene.command(room, 'sync-portal')).toBe('Everything was right already.');
  expect(await ask('sync-portal')).toContain('This room is no chat');
  expect(await scene.command(room, 'mute')).toContain('In Element: the room, Settings, Notifications, Off');
});

test('unbridge ends the mirroring, leaves people and words where they are, and the next message makes a new room', async () => {
  const { phone, room } = await scene.openChat('before it was closed');
  await scene.ana.sendText(room, '!chancery unbridge');
  await scene.ana.waitForEvent(
    ({ room_id: id, sender, content }) => id === room && sender === bot && content['membership'] === 'leave',
    { what: 'the bot leaving', timeoutMs: 20_000 },
  );
  expect((await joinedTo(room)).sort()).toEqual(['@ana:localhost', '@ben:localhost']);
  await scene.ana.sendText(room, 'reaches nobody');
  await scene.house.whatsapp.writeText(phone, 'after it was closed');
  const { room_id: next } = await scene.arrivesInRoom('after it was closed');
  expect(next).not.toBe(room);
  await scene.ana.sendText(next, 'answered in the new room');
  await scene.arrivesAtPhone('answered in the new room');
  expect(await scene.reachedPhone('reaches nobody')).toEqual([]);
  expect(await ask('acts')).toMatch(/@ana:localhost unbridge !/);
});

test('delete-portal removes everybody as well, and the chat goes on in a new room', async () => {
  const { phone, room } = await scene.openChat('to be deleted');
  await ben.waitForEvent(({ room_id: id }) => id === room, { what: 'the invitation of ben', timeoutMs: 20_000 });
  await scene.ana.sendText(room, '!chancery delete-portal');
  for (const client of [scene.ana, ben]) await removed(client, room);
  await scene.house.whatsapp.writeText(phone, 'written after the deletion');
  expect((await scene.arrivesInRoom('written after the deletion')).room_id).not.toBe(room);
});

test('bridge makes a room that people have the room of a chat, and refuses one that is unfit', async () => {
  const { ana } = scene;
  const made = async (more: object): Promise<string> => {
    const { room_id: room } = (await ana.call('POST', '/createRoom', {
      preset: 'private_chat',
      name: 'Building permits',
      invite: [bot],
      ...more,
    })) as { room_id: string };
    await ana.waitForEvent(
      ({ room_id: id, sender, content }) => id === room && sender === bot && content['membership'] === 'join',
      { what: 'the bot in the room', timeoutMs: 20_000 },
    );
    return room;
  };
  const powerless = await made({ power_level_content_override: { invite: 50 } });
  expect(await scene.command(powerless, 'bridge +49 30 777123')).toContain('power of a moderator');
  const open = await made({ preset: 'public_chat' });
  expect(await scene.command(open, 'bridge +49 30 777123')).toContain('by invitation only');
  const users = { [bot]: 50, '@ana:localhost': 100 };
  const { room_id: room } = (await ana.call('POST', '/createRoom', {
    preset: 'private_chat',
    room_version: '11',
    power_level_content_override: { users },
  })) as { room_id: string };
  const before = await ana.sendText(room, 'among ourselves, before the bridge');
  await ana.call('POST', `/rooms/${encodeURIComponent(room)}/invite`, { user_id: bot });
  await ana.waitForEvent(
    ({ room_id: id, sender, content }) => id === room && sender === bot && content['membership'] === 'join',
    { what: 'the bot in the room', timeoutMs: 20_000 },
  );
  expect(await scene.command(room, 'bridge +49 30 777123')).toContain('mirrors the chat');
  expect(await scene.command(room, 'bridge +49 30 777123')).toContain('is a chat already');
  await scene.house.whatsapp.citizen({ phone: '4930777123', name: 'Dora' });
  await scene.house.whatsapp.writeText('4930777123', 'in the room that people made');
  expect((await scene.arrivesInRoom('in the room that people made')).room_id).toBe(room);
  await ana.sendText(room, 'answered where people sit');
  await scene.arrivesAtPhone('answered where people sit');
  await scene.house.bridge.stop();
  await scene.house.bridge.start();
  await ana.sendText(room, 'and after a restart');
  await scene.arrivesAtPhone('and after a restart');
  await scene.settled();
  expect(await scene.reachedPhone('among ourselves, before the bridge')).toEqual([]);
  expect(ana.events.filter(({ content }) => replyTarget(content) === before)).toEqual([]);
  const other = await made({ room_version: '11', power_level_content_override: { users } });
  expect(await scene.command(other, 'bridge +49 30 777123')).toContain('has a room already');
});

test('an account that is logged out takes nothing, what is written waits, and a login sends it', async () => {
  const { room } = await scene.openChat('before the logout');
  expect(await ask('logout whatsapp/106540352242922')).toContain('is logged out');
  expect(await ask('accounts')).toContain('There is none');
  expect(await ask('logout whatsapp/106540352242922')).toContain('as `accounts` lists it');
  await scene.house.bridge.stop();
  await scene.house.bridge.start();
  expect(await ask('accounts')).toContain('There is none');
  await scene.ana.sendText(room, 'waits for the account');
  while ((await scene.house.bridge.status()).journal['waiting'] === 0) await delay(50);
  expect(await scene.reachedPhone('waits for the account')).toEqual([]);
  await scene.house.bridge.command(['login', 'whatsapp', '--answers', '-'], loginAnswers(scene.house.secrets));
  await scene.arrivesAtPhone('waits for the account');
});

test('an admin is told in the room that they chose', async () => {
  expect(await ask('management-room')).toBe('I will tell you here.');
  const { room } = await scene.openChat('a chat is no management room');
  expect(await scene.command(room, 'management-room')).toContain('This room is a chat');
  await scene.house.whatsapp.change({ newToken: 'EAAanewtokenthatistaken' });
  await scene.ana.sendText(room, 'the token is not taken');
  const told = await scene.ana.waitForEvent(
    ({ content }) => String(content['body']).includes('not accepted by its network'),
    { what: 'the news of the account', timeoutMs: 30_000 },
  );
  expect(told.room_id).toBe(office);
  await scene.house.whatsapp.change({ newToken: null });
});
