/** A group of WhatsApp's, made by an official: who joins is in the room, what is said in one is said in the other. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { OrdinaryClient, SeenEvent } from '../peers/matrix-client/ordinary-client.ts';
import { Scene } from '../peers/scene.ts';

let scene: Scene;
let ana: OrdinaryClient;
let bot: string;
let room: string;
let group: string;
const withinMs = 30_000;
const [carla, dora] = ['4930666001', '4930666002'];

beforeAll(async () => {
  scene = await Scene.open();
  ana = scene.ana;
  await scene.house.whatsapp.citizen({ phone: carla, name: 'Carla' });
  await scene.house.whatsapp.citizen({ phone: dora, name: 'Dora' });
  bot = await ana.createDirectRoom('@chancery:localhost');
  await ana.waitForEvent(
    ({ sender, content }) => sender === '@chancery:localhost' && content['membership'] === 'join',
    { what: 'the bot in its room' },
  );
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

const says = (words: RegExp): Promise<SeenEvent> =>
  ana.waitForEvent(({ content }) => words.test(String(content['body'])), { what: String(words), timeoutMs: withinMs });
const joins = (name: string): Promise<SeenEvent> =>
  ana.waitForEvent(
    ({ room_id: id, content }) => id === room && content['membership'] === 'join' && content['displayname'] === name,
    { what: `${name} joins`, timeoutMs: withinMs },
  );
const leaves = async (name: string): Promise<void> => {
  const { sender: ghost } = await joins(name);
  await ana.waitForEvent(
    ({ room_id: id, sender, content }) => id === room && sender === ghost && content['membership'] === 'leave',
    { what: `${name} leaves`, timeoutMs: withinMs },
  );
};
const inGroup = (words: string) =>
  scene.house.whatsapp.waitForKind('group-message', ({ content }) => (content as { body?: string }).body === words, {
    what: words,
    timeoutMs: withinMs,
  });

test('the group that an official asks for has a room with its link, and who joins by it is in the room', async () => {
  expect(await scene.answerTo(await ana.sendText(bot, 'group create Allotments'))).toContain(
    'was asked to make the group',
  );
  const made = await says(/This group was made\. At most eight people may join it/);
  room = made.room_id;
  const link = /https:\/\/chat\.whatsapp\.com\/\S+/.exec(String(made.content['body']))?.[0] ?? '';
  const [listed] = await scene.house.whatsapp.groups();
  group = listed?.id ?? '';
  expect(listed).toMatchObject({ subject: 'Allotments', inviteLink: link, joinApprovalMode: 'auto_approve' });
  expect((await ana.roomState(room)).find(({ type }) => type === 'm.room.name')?.content).toEqual({
    name: 'Allotments (WhatsApp)',
  });
  expect(await scene.command(room, 'group link')).toContain(link);
  await scene.house.whatsapp.joinGroup(carla, link);
  await scene.house.whatsapp.joinGroup(dora, group);
  await says(/Joined: .*30666002/);
  expect(await scene.command(room, 'group members')).toContain('30666001');
});

test('what one of them writes is theirs in the room, and an official answers all', async () => {
  await scene.house.whatsapp.writeText(carla, 'when is the water back?', { group });
  const asked = await scene.arrivesInRoom('when is the water back?');
  expect(asked.room_id).toBe(room);
  await joins('Carla (WhatsApp)');
  const answer = await ana.sendText(room, 'on Monday');
  expect(await inGroup('on Monday')).toMatchObject({ group, reaches: [carla, dora] });
  await scene.house.whatsapp.readGroup(dora, group);
  await ana.waitForReceipt(({ event, user }) => event === answer && user !== '@chancery:localhost', {
    what: 'the mark of whoever has read it',
    timeoutMs: withinMs,
  });
  expect((await scene.house.whatsapp.groupChat(dora, group)).messages.map(({ text }) => text)).toEqual([
    'when is the water back?',
    'on Monday',
  ]);
});

test('what a group does not take is refused at the message, with what to write instead', async () => {
  await scene.house.whatsapp.writeText(dora, 'good', { group });
  const said = await scene.arrivesInRoom('good');
  const reaction = await ana.react(room, said.event_id, '👍');
  const words = /no reaction from an agency/;
  expect((await says(words)).room_id).toBe(room);
  expect(reaction).toMatch(/^\$/);
  await ana.send(room, 'm.room.message', { msgtype: 'm.location', body: 'here', geo_uri: 'geo:1,2' });
  expect((await says(/no location from an agency/)).room_id).toBe(room);
});

test('the room follows who leaves, who is removed and how the group is called', async () => {
  await scene.house.whatsapp.leaveGroup(dora, group);
  await says(/^Left: Dora/);
  await leaves('Dora (WhatsApp)');
  expect(await scene.command(room, `group remove +${carla}`)).toContain('asked to remove');
  await says(/^Removed: Carla/);
  await leaves('Carla (WhatsApp)');
  expect(await scene.command(room, 'group rename Allotments West')).toContain('asked to rename');
  await ana.waitForEvent(
    ({ type, content }) => type === 'm.room.name' && content['name'] === 'Allotments West (WhatsApp)',
    {
      what: 'the new name',
      timeoutMs: withinMs,
    },
  );
});

test('into a closed group nobody comes whom an official has not let in', async () => {
  await ana.sendText(bot, 'group create-closed Board');
  const made = await ana.waitForEvent(
    ({ room_id: id, content }) => id !== room && /This group was made/.test(String(content['body'])),
    { what: 'the second group', timeoutMs: withinMs },
  );
  const board = (await scene.house.whatsapp.groups()).find(({ subject }) => subject === 'Board')?.id ?? '';
  expect(await scene.house.whatsapp.joinGroup(carla, board)).toMatchObject({ joined: false });
  const asks = await says(/asks to join/);
  const request = /group approve (\S+)`/.exec(String(asks.content['body']))?.[1] ?? '';
  expect(await scene.command(made.room_id, 'group requests')).toContain(request);
  expect(await scene.command(made.room_id, `group approve ${request}`)).toBe('They may join.');
  await ana.waitForEvent(
    ({ room_id: id, content }) => id === made.room_id && /^Joined: /.test(String(content['body'])),
    { what: 'who was let in', timeoutMs: withinMs },
  );
});

test('a group that is suspended or deleted takes nothing, and says so; who asked for it is recorded', async () => {
  await scene.house.whatsapp.suspendGroup(group);
  await says(/has suspended this group/);
  await ana.sendText(room, 'still there?');
  await says(/WhatsApp has suspended this group\. Wait until/);
  await scene.house.whatsapp.unsuspendGroup(group);
  await says(/ended the suspension/);
  expect(await scene.command(room, 'group delete')).toContain('asked to delete');
  await says(/This group was deleted\. Nothing can/);
  await ana.sendText(room, 'gone?');
  await says(/^(?!This group).*This group was deleted\.$/s);
  const acts = await scene.answerTo(await ana.sendText(bot, 'acts'));
  for (const act of ['group-create', 'group-remove', 'group-rename', 'group-approve', 'group-delete'])
    expect(acts).toContain(act);
});
