/** What an official writes in the WhatsApp Business app appears as that official, and goes to nobody a second time. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { phoneNumberId } from '../peers/house.ts';
import { OrdinaryClient } from '../peers/matrix-client/ordinary-client.ts';
import { replyTarget, Scene } from '../peers/scene.ts';

const account = `whatsapp/${phoneNumberId}`;
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ officials: ['ana', 'ben'], invited: ['ana'], puppets: true });
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

let written = 0;

/** As WhatsApp tells it; resolves to the message's id. */
async function writeInApp(to: string, content: Readonly<Record<string, unknown>>): Promise<string> {
  written += 1;
  const id = `wamid.app${written}`;
  const echo = { from: '493012345670', to, id, timestamp: String(Math.floor(Date.now() / 1_000)), ...content };
  const metadata = { display_phone_number: '493012345670', phone_number_id: phoneNumberId };
  const value = { messaging_product: 'whatsapp', metadata, message_echoes: [echo] };
  await scene.house.whatsapp.postRaw({ content: { field: 'smb_message_echoes', value }, retry: true });
  return id;
}

const text = (body: string): Readonly<Record<string, unknown>> => ({ type: 'text', text: { body } });
const login = (user: string, more: readonly string[] = [], input?: string): Promise<string> =>
  scene.house.bridge.command(['login-matrix', account, user, ...more], input);

test('while nobody is named, what is written in the app appears as the account', async () => {
  const { phone, room, first } = await scene.openChat('is anybody there?');
  await writeInApp(phone, text('yes, the City'));
  const said = await scene.arrivesInRoom('yes, the City');
  expect(said).toMatchObject({ room_id: room });
  expect(said.sender).not.toBe(first.sender);
  expect((await scene.ana.members(room))[said.sender]?.display_name).toBe(
    'City of Musterstadt, 493012345670 (WhatsApp)',
  );
});

test('an official who is named speaks with their own name, and nothing is sent to the citizen again', async () => {
  const { phone, room } = await scene.openChat('can ben help?');
  expect(await login('@ben:localhost')).toMatch(/appears as @ben:localhost/);
  await writeInApp(phone, { ...text('ben here'), context: { id: 'wamid.unknown' } });
  const said = await scene.arrivesInRoom('ben here');
  expect(said).toMatchObject({ sender: '@ben:localhost', room_id: room });
  await scene.settled();
  expect(await scene.reachedPhone('ben here')).toEqual([]);
  const own = await scene.ana.sendText(room, 'and ana too');
  await scene.arrivesAtPhone('and ana too');
  expect(own).toMatch(/^\$/);
});

test('a citizen can answer, react to and read what was written in the app', async () => {
  const { phone, first } = await scene.openChat('a question');
  const id = await writeInApp(phone, text('an answer from the app'));
  const said = await scene.arrivesInRoom('an answer from the app');
  const metadata = { display_phone_number: '493012345670', phone_number_id: phoneNumberId };
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const reply = { from: phone, id: 'wamid.reply1', timestamp, type: 'text', text: { body: 'thanks' }, context: { id } };
  const status = { id, status: 'read', timestamp, recipient_id: phone };
  const value = { messaging_product: 'whatsapp', metadata, messages: [reply], statuses: [status] };
  await scene.house.whatsapp.postRaw({ content: { field: 'messages', value }, retry: true });
  const thanks = await scene.arrivesInRoom('thanks');
  expect(replyTarget(thanks.content)).toBe(said.event_id);
  await scene.ana.waitForReceipt(({ event, user }) => event === said.event_id && user === first.sender, {
    what: 'the mark that the citizen has read it',
  });
});

test('who was never written to gets a room when the official writes first in the app', async () => {
  const phone = await scene.newCitizen();
  await writeInApp(phone, text('we write first'));
  const said = await scene.arrivesInRoom('we write first');
  const name = (await scene.ana.roomState(said.room_id)).find(({ type }) => type === 'm.room.name');
  expect(name?.content['name']).toBe(`+${phone} (WhatsApp)`);
});

test('a deletion and an edit in the app are said, with the message they are about', async () => {
  const { phone } = await scene.openChat('delete something');
  const id = await writeInApp(phone, text('a mistake'));
  const mistake = await scene.arrivesInRoom('a mistake');
  await writeInApp(phone, {
    type: 'edit',
    edit: { original_message_id: id, message: { type: 'text', text: { body: 'no mistake' } } },
  });
  const changed = await scene.arrivesInRoom('Changed this message to: “no mistake”');
  expect(replyTarget(changed.content)).toBe(mistake.event_id);
  await writeInApp(phone, { type: 'revoke', revoke: { original_message_id: id } });
  expect(replyTarget((await scene.arrivesInRoom('Deleted this message on WhatsApp.')).content)).toBe(mistake.event_id);
});

test.each(['inbound.sent', 'inbound.accepted'])(
  'what an official wrote in the app is there once although the bridge was killed at %s',
  async (point) => {
    const { phone } = await scene.openChat(`kill at ${point}`);
    await scene.restartDyingAt(point);
    await writeInApp(phone, text(`written before ${point}`));
    await scene.restartAfterDeath();
    const said = await scene.arrivesInRoom(`written before ${point}`);
    await scene.settled();
    expect(scene.ana.said(said.room_id).filter(({ content }) => content['body'] === said.content['body'])).toHaveLength(
      1,
    );
    expect(said.sender).toBe('@ben:localhost');
    expect(await scene.reachedPhone(`written before ${point}`)).toEqual([]);
  },
);

test('a mark that an official sets by hand keeps nothing from the citizen', async () => {
  const { room } = await scene.openChat('who marks?');
  await scene.ana.sendText(room, 'marked by hand', { 'org.chancery.from_network': true });
  await scene.arrivesAtPhone('marked by hand');
});

test('an official with a token of their own is spoken as by it, and no longer after a logout of that token', async () => {
  const { phone } = await scene.openChat('with a token');
  const { synapse, secrets } = scene.house;
  const ben = await OrdinaryClient.login(synapse.url, 'ben', secrets.password);
  const own = ['--homeserver', synapse.url, '--answers', '-'];
  await expect(login('@ana:localhost', own, JSON.stringify({ token: ben.accessToken }))).rejects.toThrow(
    /not one of @ana/,
  );
  await login('@ben:localhost', own, JSON.stringify({ token: ben.accessToken }));
  await writeInApp(phone, text('by my own token'));
  expect((await scene.arrivesInRoom('by my own token')).sender).toBe('@ben:localhost');
  await ben.call('POST', '/logout', {});
  await writeInApp(phone, text('after the token is gone'));
  expect((await scene.arrivesInRoom('after the token is gone')).sender).not.toBe('@ben:localhost');
});

test('mute and unmute change what the clients of who asks make a sound of, and nobody else’s', async () => {
  const { room } = await scene.openChat('so many messages');
  const rule = (): Promise<unknown> => scene.ana.call('GET', `/pushrules/global/override/${encodeURIComponent(room)}`);
  expect(await scene.command(room, 'mute')).toBe('Muted for you.');
  expect(await rule()).toMatchObject({ actions: [], enabled: true });
  expect(await scene.command(room, 'unmute')).toBe('No longer muted for you.');
  await expect(rule()).rejects.toThrow('M_NOT_FOUND');
});

test('who may not stand for an account is refused with what to do, and a logout ends it', async () => {
  await expect(login('@mallory:localhost')).rejects.toThrow(/rooms\.officials/);
  await expect(login('@ben:elsewhere.example')).rejects.toThrow(/rooms\.officials/);
  await expect(
    login('@ben:localhost', ['--homeserver', 'http://127.0.0.2:1', '--answers', '-'], '{"token":"x"}'),
  ).rejects.toThrow(/double_puppets\.homeservers/);
  await expect(scene.house.bridge.command(['login-matrix', 'whatsapp/1', '@ben:localhost'])).rejects.toThrow(
    /whatsapp\/1/,
  );
  expect(await scene.house.bridge.command(['logout-matrix', account])).toMatch(/Nobody stands/);
  await expect(scene.house.bridge.command(['logout-matrix', account])).rejects.toThrow(/Nobody stands/);
});
