/** What people can ask of the bot, each only what is theirs to ask. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { OrdinaryClient } from '../peers/matrix-client/ordinary-client.ts';
import { Scene } from '../peers/scene.ts';

let scene: Scene;
let ben: OrdinaryClient;
let mallory: OrdinaryClient;
const bot = '@chancery:localhost';

beforeAll(async () => {
  scene = await Scene.open({ officials: ['ana', 'ben'], invited: ['ana', 'ben', 'mallory'] });
  ben = await scene.house.client('ben');
  mallory = await scene.house.client('mallory');
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

async function ask(client: OrdinaryClient, room: string, line: string): Promise<string> {
  const event = await client.sendText(room, line);
  return scene.answerTo(event, client);
}

async function roomWithBot(client: OrdinaryClient): Promise<string> {
  const room = await client.createDirectRoom(bot);
  await client.waitForEvent(
    ({ room_id, type, state_key, content }) =>
      room_id === room && type === 'm.room.member' && state_key === bot && content['membership'] === 'join',
    { what: 'the bot in the room' },
  );
  return room;
}

test('help lists what the asker may do, and nothing else', async () => {
  const namesIn = (help: string): string =>
    help
      .split('\n')
      .map((line) => line.split(' ')[0])
      .join(' ');
  expect(namesIn(await ask(scene.ana, await roomWithBot(scene.ana), 'help'))).toBe(
    'help version status portals search retry drop acts accounts logout management-room window template start-chat group resolve default-account mute unmute sync-portal bridge unbridge delete-portal',
  );
  expect(namesIn(await ask(ben, await roomWithBot(ben), 'help'))).toBe(
    'help version window template start-chat group resolve default-account mute unmute sync-portal',
  );
});

test('what is not offered does not exist, and an unknown command says what to do', async () => {
  const room = await roomWithBot(ben);
  const refusal = await ask(ben, room, 'status');
  expect(refusal).toBe((await ask(ben, room, 'nonsense')).replace('nonsense', 'status'));
  expect(refusal).toContain('help');
});

test('version, status and portals tell an admin how the bridge is', async () => {
  const { room: portal } = await scene.openChat('a chat to be listed');
  const room = await roomWithBot(scene.ana);
  expect(await ask(scene.ana, room, 'version')).toMatch(/^Chancery \d+\.\d+\.\d+, Node\.js v24\./);
  const status = await ask(scene.ana, room, 'status');
  expect(status).toContain('homeserver: connected');
  expect(status).toContain('City of Musterstadt, 493012345670 (whatsapp/106540352242922)');
  expect(status).toMatch(/journal: \d+ waiting, 0 parked, 0 in quarantine/);
  expect(await ask(scene.ana, room, 'portals')).toContain(portal);
  expect(await ask(scene.ana, room, 'retry')).toBe('Nothing is stuck, uncertain or failed.');
});

test('a command in a portal is answered there and never reaches the contact', async () => {
  const { room } = await scene.openChat('a chat with a command in it');
  expect(await scene.command(room, 'version')).toMatch(/^Chancery /);
  await scene.ana.sendText(room, 'and now an answer');
  await scene.arrivesAtPhone('and now an answer');
  expect(await scene.reachedPhone('!chancery version')).toHaveLength(0);
});

test('a stranger learns nothing: the bot does not come, and does not answer in a portal', async () => {
  const room = await mallory.createDirectRoom(bot);
  await mallory.waitForEvent(
    ({ room_id, type, state_key, content }) =>
      room_id === room && type === 'm.room.member' && state_key === bot && content['membership'] === 'leave',
    { what: 'the invitation declined' },
  );
  const { room: portal } = await scene.openChat('a chat with a stranger in it');
  await mallory.waitForEvent((event) => event.room_id === portal, { what: 'the portal' });
  expect(await ask(mallory, portal, '!chancery status')).toMatch(/^You are not among the people this bot works for\./);
});

test('an admin finds what stands still, takes it out with a reason, and what waited behind it goes on', async () => {
  const { ana, house } = scene;
  const { phone, room, first } = await scene.openChat('before the contact was put out');
  const dialogue = await roomWithBot(ana);
  await asBot(room, 'ban', first.sender);
  await house.whatsapp.writeText(phone, 'can you read me?');
  await house.whatsapp.writeText(phone, 'hello again');
  const row = await stuckRow(dialogue);
  await asBot(room, 'unban', first.sender);
  expect(await ask(ana, dialogue, `drop row ${row} it was answered by telephone`)).toBe(`Row ${row} is taken out.`);
  await scene.arrivesInRoom('hello again');
  const notice = ana.said(room).find(({ content }) => String(content['body']).includes('it was answered by telephone'));
  expect(notice?.content['body']).toMatch(/^Something that came from WhatsApp at \S+ could not be shown here/);
  expect(await ask(ana, dialogue, 'retry')).not.toContain(`row ${row} `);
  expect(await ask(ana, dialogue, 'acts')).toContain(`${ana.userId} drop row ${row} - it was answered by telephone`);
});

/** What only the bot may do in a portal. */
async function asBot(room: string, act: 'ban' | 'unban', user: string): Promise<void> {
  const { bridge, synapse } = scene.house;
  const { as_token } = parse(readFileSync(bridge.registrationFile, 'utf8')) as { as_token: string };
  const url = `${synapse.url}/_matrix/client/v3/rooms/${encodeURIComponent(room)}/${act}?user_id=${encodeURIComponent(bot)}`;
  const headers = { Authorization: `Bearer ${as_token}`, 'Content-Type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ user_id: user }) });
  expect(answer.status).toBe(200);
}

async function stuckRow(dialogue: string): Promise<string> {
  for (let look = 0; look < 40; look += 1) {
    const row = /row (\d+) in in\/\S+: parked/.exec(await ask(scene.ana, dialogue, 'retry'))?.[1];
    if (row !== undefined) return row;
    await delay(500);
  }
  throw new Error('nothing was parked');
}

test('arguments that make no sense are refused with what was expected, and change nothing', async () => {
  const room = await roomWithBot(scene.ana);
  for (const line of [
    'retry row',
    'retry row -1',
    'retry message many',
    'retry everything',
    `retry row ${'9'.repeat(400)}`,
  ])
    expect(await ask(scene.ana, room, line)).toContain('CH-COMMAND-INVALID');
  expect(await ask(scene.ana, room, 'retry row 999999')).toBe('Row 999999 does not wait.');
  expect(await ask(scene.ana, room, 'retry message 999999')).toMatch(/^Message 999999 is not one that failed/);
});
