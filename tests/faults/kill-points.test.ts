/**
 * The bridge is killed (SIGKILL) between any two durable steps, in both directions. After a restart exactly one message
 * is on each side: told by the simulator's own log and by what an ordinary client sees, never by the bridge.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { namedPoints } from '../../src/base/named-points.ts';
import { House } from '../peers/house.ts';
import type { OrdinaryClient, SeenEvent } from '../peers/matrix-client/ordinary-client.ts';
import type { EntryOf } from '../peers/whatsapp-cloud/log-entry.ts';
import { pictureFile } from './picture.ts';

let house: House;
let ana: OrdinaryClient;
let citizens = 0;

beforeAll(async () => {
  house = await House.running();
  ana = await house.client();
}, 300_000);

afterAll(async () => {
  await house.close();
}, 60_000);

const inboundPoints = namedPoints.filter((point) => point.startsWith('inbound.'));
const outboundPoints = namedPoints.filter((point) => point.startsWith('outbound.') && point !== 'outbound.sending');

/** A citizen nobody has seen: a room has to be made, a ghost, invitations. */
async function newCitizen(): Promise<string> {
  citizens += 1;
  const phone = `4930555${String(citizens).padStart(5, '0')}`;
  await house.whatsapp.citizen({ phone, name: `Citizen ${citizens}` });
  return phone;
}

async function restartDyingAt(point: string): Promise<void> {
  await house.bridge.stop();
  await house.bridge.start({ dieAt: point });
}

async function restartAfterDeath(): Promise<void> {
  await house.bridge.ended(60_000);
  await house.bridge.start();
  await house.whatsapp.retryNow();
}

const captioned = (caption: string) => (event: SeenEvent) => event.content['body'] === caption;

/** Nothing is left to do, and a message that came twice would have come by now. */
async function settled(): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    const { journal } = await house.bridge.status();
    quiet = journal['waiting'] === 0 ? quiet + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

test.each(inboundPoints)('a photo of a new contact arrives once when the bridge is killed at %s', async (point) => {
  const phone = await newCitizen();
  const caption = `killed at ${point}`;
  await restartDyingAt(point);
  const rooms = ana.invitedTo.length;
  const sent = await house.whatsapp.sendMedia(phone, {
    kind: 'image',
    source: { size: 50_000, seed: citizens },
    caption,
    mime: 'image/jpeg',
  });
  await restartAfterDeath();
  const event = await ana.waitForEvent(captioned(caption), { what: caption, timeoutMs: 60_000 });
  await settled();
  expect(ana.events.filter(captioned(caption))).toHaveLength(1);
  expect(ana.invitedTo.length).toBe(rooms + 1);
  expect((await ana.downloadHash(String(event.content['url']))).sha256).toBe(sent.media.sha256);
  const creations = ana.events.filter(({ type, room_id }) => type === 'm.room.create' && room_id === event.room_id);
  expect(creations).toHaveLength(1);
});

/** A chat in which the official may write. */
async function openChat(name: string): Promise<string> {
  const phone = await newCitizen();
  await house.whatsapp.writeText(phone, name);
  return (await ana.waitForEvent(captioned(name), { what: name })).room_id;
}

const reachedPhone = async (caption: string): Promise<EntryOf<'business-message'>[]> => {
  const log = await house.whatsapp.everything();
  return log.filter(
    (entry): entry is EntryOf<'business-message'> => entry.kind === 'business-message' && captionOf(entry) === caption,
  );
};

const captionOf = ({ content }: EntryOf<'business-message'>): unknown =>
  (content as { caption?: unknown; body?: unknown }).caption ?? (content as { body?: unknown }).body;

test.each(outboundPoints)(
  'a photo of an official reaches the phone once when the bridge is killed at %s',
  async (point) => {
    const room = await openChat(`before ${point}`);
    const caption = `answer at ${point}`;
    const picture = pictureFile(house.directory);
    await restartDyingAt(point);
    await ana.sendFile(room, picture.path, { name: 'photo.png', mime: 'image/png', msgtype: 'm.image', caption });
    await restartAfterDeath();
    await house.whatsapp.waitForKind('business-message', (entry) => captionOf(entry) === caption, {
      what: caption,
      timeoutMs: 60_000,
    });
    await settled();
    const arrived = await reachedPhone(caption);
    expect(arrived).toHaveLength(1);
    expect(arrived[0]?.media?.sha256).toBe(picture.sha256);
    expect(ana.said(room).filter(({ content }) => content['msgtype'] === 'm.notice')).toHaveLength(0);
  },
);

test('a message whose fate nobody can know is shown as uncertain, is not sent again by itself, and is sent once when an admin says so', async () => {
  const room = await openChat('before the gap');
  const text = 'killed between the record and the call';
  await restartDyingAt('outbound.sending');
  await ana.sendText(room, text);
  await restartAfterDeath();
  const told = await ana.waitForEvent(
    ({ room_id, content }) => room_id === room && String(content['body']).startsWith('Nobody can tell'),
    { what: 'the notice that its fate is unknown', timeoutMs: 60_000 },
  );
  expect(told.content['m.relates_to']).toBeDefined();
  await settled();
  expect(await reachedPhone(text)).toHaveLength(0);
  const listed = await answerOf('!chancery retry', room);
  const number = /message (\d+) /.exec(listed)?.[1] ?? 'none';
  await answerOf(`!chancery retry message ${number}`, room);
  await house.whatsapp.waitForKind('business-message', (entry) => captionOf(entry) === text, {
    what: text,
    timeoutMs: 30_000,
  });
  await settled();
  expect(await reachedPhone(text)).toHaveLength(1);
});

async function answerOf(command: string, room: string): Promise<string> {
  const asked = await ana.sendText(room, command);
  const answer = await ana.waitForEvent(({ content }) => replyTarget(content) === asked, {
    what: `the answer to ${command}`,
  });
  return String(answer.content['body']);
}

const replyTarget = (content: SeenEvent['content']): string | undefined =>
  (content['m.relates_to'] as { 'm.in_reply_to'?: { event_id?: string } } | undefined)?.['m.in_reply_to']?.event_id;
