/** An official begins a chat: the room is there before the citizen has said anything, and it is the citizen's room. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { OrdinaryClient } from '../peers/matrix-client/ordinary-client.ts';
import { Scene } from '../peers/scene.ts';

let scene: Scene;
let ben: OrdinaryClient;
let room: string;
const phone = '4930777001';
const hello = {
  name: 'hello',
  language: 'en',
  status: 'APPROVED',
  category: 'UTILITY',
  components: [{ type: 'BODY', text: 'Please call us back.' }],
};

beforeAll(async () => {
  scene = await Scene.open({ officials: ['ana', 'ben'], invited: ['ana'], whatsapp: { templates: [hello] } });
  ben = await scene.house.client('ben');
  room = await ben.createDirectRoom('@chancery:localhost');
  await ben.waitForEvent(
    ({ sender, content }) => sender === '@chancery:localhost' && content['membership'] === 'join',
    { what: 'the bot in its room' },
  );
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

const ask = async (line: string): Promise<string> => scene.answerTo(await ben.sendText(room, line), ben);
const roomIn = (answer: string): string => decodeURIComponent(/matrix\.to\/#\/([^?]+)/.exec(answer)?.[1] ?? '');

test('the room has the official and the citizen in it, and a template reaches the phone', async () => {
  expect(await ask('resolve +49 30 777001')).toMatch(/^There is no chat with \+49 30 777001 yet/);
  const answer = await ask('start-chat +49 30 777001');
  expect(answer).toContain(`+${phone}: https://matrix.to/#/`);
  expect(answer).toContain('You can send a template now');
  const chat = roomIn(answer);
  await ben.waitForEvent(({ room_id: id }) => id === chat, { what: 'the invitation', timeoutMs: 20_000 });
  const names = Object.values(await ben.members(chat)).map(({ display_name: name }) => name);
  expect(names).toContain(`+${phone} (WhatsApp)`);
  await ben.sendText(chat, '!chancery template send hello');
  await scene.house.whatsapp.waitForKind('business-message', ({ type }) => type === 'template', {
    what: 'the template',
    timeoutMs: 20_000,
  });
  await scene.house.whatsapp.citizen({ phone, name: 'Carla' });
  await scene.house.whatsapp.writeText(phone, 'I call back');
  expect((await scene.arrivesInRoom('I call back')).room_id).toBe(chat);
  expect(await ask(`resolve 00${phone}`)).toMatch(/You can write freely\.$/);
});

test('beginning a chat again, or with somebody who has written, leads to the room that there is', async () => {
  const { phone: known, room: theirs } = await scene.openChat('I wrote first');
  expect(roomIn(await ask(`start-chat +${known}`))).toBe(theirs);
  expect(roomIn(await ask(`start-chat +${known} whatsapp/106540352242922`))).toBe(theirs);
});

test('what is no number, and an account that is not there, are refused with what to write', async () => {
  expect(await ask('start-chat 030 1234567')).toContain('with its country code');
  expect(await ask('start-chat Carla')).toContain('This is no telephone number');
  expect(await ask('start-chat')).toContain('start-chat +49 30 1234567');
  expect(await ask(`start-chat +${phone} whatsapp/1`)).toContain('Name one account');
});

test('a bridge that is killed while the room is made finishes it, and there is one room', async () => {
  await scene.restartDyingAt('inbound.room-created');
  const event = await ben.sendText(room, 'start-chat +49 30 777002');
  await scene.restartAfterDeath();
  const chat = roomIn(await scene.answerTo(event, ben));
  await scene.house.whatsapp.citizen({ phone: '4930777002', name: 'Dora' });
  await scene.house.whatsapp.writeText('4930777002', 'one room only');
  expect((await scene.arrivesInRoom('one room only')).room_id).toBe(chat);
});
