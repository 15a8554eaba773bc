/**
 * Synapse is killed after it has carried out a request and before the bridge learns of it. The bridge asks again, and
 * exactly one thing results: one room, one ghost in it, one invitation, one file, one message, one reaction.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CuttingProxy } from '../peers/proxy/cutting-proxy.ts';
import { saying, Scene } from '../peers/scene.ts';
import { pictureFile } from '../peers/picture-file.ts';

let scene: Scene;
let proxy: CuttingProxy;

beforeAll(async () => {
  scene = await Scene.open({
    homeserverUrl: async (url) => {
      proxy = new CuttingProxy(url);
      return proxy.start();
    },
  });
}, 300_000);

afterAll(async () => {
  await scene.close();
  await proxy.stop();
}, 60_000);

/** Resolves when Synapse has died over the next request that fits, and runs again. */
async function killedOver(method: string, path: RegExp): Promise<void> {
  const { synapse } = scene.house;
  await proxy.cutOnce(method, path, async () => {
    await synapse.kill();
  });
  await synapse.start();
}

const steps: readonly (readonly [string, string, RegExp])[] = [
  ['the ghost', 'POST', /\/v3\/register/],
  ['the device of the ghost', 'PUT', /\/v3\/devices\//],
  ['the name of the ghost', 'PUT', /\/displayname/],
  ['the room', 'POST', /\/v3\/createRoom/],
  ['the invitation of the official', 'POST', /\/rooms\/[^/]+\/invite/],
  ['the entrance of the ghost', 'POST', /\/rooms\/[^/]+\/join/],
  ['the address of the file', 'POST', /\/media\/v1\/create/],
  ['the file', 'PUT', /\/media\/v3\/upload\//],
  ['the message', 'PUT', /\/rooms\/[^/]+\/send\/m\.room\.message\//],
];

test.each(steps)('a photo of a new contact arrives once when Synapse dies over %s', async (what, method, path) => {
  const { ana, house } = scene;
  const phone = await scene.newCitizen();
  const caption = `Synapse died over ${what}`;
  const rooms = ana.invitedTo.length;
  const killed = killedOver(method, path);
  const { media } = await house.whatsapp.sendMedia(phone, {
    kind: 'image',
    source: { size: 50_000, seed: Number(phone) },
    caption,
    mime: 'image/jpeg',
  });
  await killed;
  const event = await scene.arrivesInRoom(caption);
  await scene.settled();
  expect(ana.events.filter(saying(caption))).toHaveLength(1);
  expect(ana.invitedTo.length).toBe(rooms + 1);
  expect((await ana.downloadHash(String(event.content['url']))).sha256).toBe(media.sha256);
  expect(Object.keys(await ana.members(event.room_id))).toHaveLength(3);
});

/** createRoom takes Synapse 100 to 200 ms, in several transactions of its own. */
test.each([10, 35, 60, 85, 110])('one whole room results when Synapse dies %d ms into making it', async (afterMs) => {
  const { ana, house } = scene;
  const phone = await scene.newCitizen();
  const words = `Synapse died after ${afterMs} ms`;
  const rooms = ana.invitedTo.length;
  const struck = proxy.strikeDuring('POST', /\/v3\/createRoom/, afterMs, () => house.synapse.kill());
  await house.whatsapp.writeText(phone, words);
  await struck;
  await house.synapse.start();
  const { room_id: room } = await scene.arrivesInRoom(words);
  await scene.settled();
  expect(ana.events.filter(saying(words))).toHaveLength(1);
  expect(ana.invitedTo.length).toBe(rooms + 1);
  const state = new Map((await ana.roomState(room)).map(({ type, content }) => [type, content]));
  expect(state.get('m.room.power_levels')).toMatchObject({ state_default: 50, users_default: 0 });
  expect(state.get('m.room.history_visibility')).toEqual({ history_visibility: 'shared' });
  expect([...state.keys()]).toEqual(
    expect.arrayContaining(['m.bridge', 'uk.half-shot.bridge', 'm.room.name', 'm.room.canonical_alias']),
  );
});

test('a reaction of a contact stands once when Synapse dies over it', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('to be reacted to');
  const question = await ana.sendText(room, 'Do you like it?');
  const { messageId } = await scene.arrivesAtPhone('Do you like it?');
  const killed = killedOver('PUT', /\/send\/m\.reaction\//);
  await house.whatsapp.react(phone, messageId, '👍');
  await killed;
  const isReaction = ({ type, content }: { type: string; content: Readonly<Record<string, unknown>> }): boolean =>
    type === 'm.reaction' && (content['m.relates_to'] as { event_id?: string }).event_id === question;
  await ana.waitForEvent(isReaction, { what: 'the reaction', timeoutMs: 60_000 });
  await scene.settled();
  expect(ana.events.filter(isReaction)).toHaveLength(1);
});

test('an answer with a photo reaches the phone once when Synapse dies while it hands over the file', async () => {
  const { ana, house } = scene;
  const { room } = await scene.openChat('please send me the form');
  const picture = pictureFile(house.directory, 200_000);
  const killed = killedOver('GET', /\/v1\/media\/download\//);
  const caption = 'the form, whole';
  await ana.sendFile(room, picture.path, { name: 'form.png', mime: 'image/png', msgtype: 'm.image', caption });
  await killed;
  const arrived = await scene.arrivesAtPhone(caption);
  await scene.settled();
  expect(arrived.media?.sha256).toBe(picture.sha256);
  expect(await scene.reachedPhone(caption)).toHaveLength(1);
});

test('the mark that an answer was passed on appears once the homeserver is back', async () => {
  const { ana } = scene;
  const { room } = await scene.openChat('is anybody there?');
  const killed = killedOver('POST', /\/receipt\/m\.read\//);
  const event = await ana.sendText(room, 'yes');
  await killed;
  await ana.waitForReceipt((receipt) => receipt.event === event && receipt.user.startsWith('@chancery:'), {
    what: 'the mark of the bot',
    timeoutMs: 60_000,
  });
  await scene.settled();
  expect(await scene.reachedPhone('yes')).toHaveLength(1);
});
