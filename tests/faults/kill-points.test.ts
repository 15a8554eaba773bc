/**
 * The bridge is killed (SIGKILL) between any two durable steps, in both directions. After a restart exactly one message
 * is on each side: told by the simulator's own log and by what an ordinary client sees, never by the bridge.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { namedPoints } from '../../src/base/named-points.ts';
import { saying, Scene } from '../peers/scene.ts';
import { pictureFile } from '../peers/picture-file.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open();
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

const inboundPoints = namedPoints.filter((point) => point.startsWith('inbound.'));
/** Those of files that are made into another type are in tests/e2e/transcoding.test.ts. */
const others: readonly string[] = ['outbound.sending', 'outbound.media-transcoded'];
const outboundPoints = namedPoints.filter((point) => point.startsWith('outbound.') && !others.includes(point));

test.each(inboundPoints)('a photo of a new contact arrives once when the bridge is killed at %s', async (point) => {
  const { ana, house } = scene;
  const phone = await scene.newCitizen();
  const caption = `killed at ${point}`;
  await scene.restartDyingAt(point);
  const rooms = ana.invitedTo.length;
  const sent = await house.whatsapp.sendMedia(phone, {
    kind: 'image',
    source: { size: 50_000, seed: Number(phone) },
    caption,
    mime: 'image/jpeg',
  });
  await scene.restartAfterDeath();
  const event = await scene.arrivesInRoom(caption);
  await scene.settled();
  expect(ana.events.filter(saying(caption))).toHaveLength(1);
  expect(ana.invitedTo.length).toBe(rooms + 1);
  expect((await ana.downloadHash(String(event.content['url']))).sha256).toBe(sent.media.sha256);
  const creations = ana.events.filter(({ type, room_id }) => type === 'm.room.create' && room_id === event.room_id);
  expect(creations).toHaveLength(1);
});

test.each(outboundPoints)(
  'a photo of an official reaches the phone once when the bridge is killed at %s',
  async (point) => {
    const { ana, house } = scene;
    const { room } = await scene.openChat(`before ${point}`);
    const caption = `answer at ${point}`;
    const picture = pictureFile(house.directory);
    await scene.restartDyingAt(point);
    await ana.sendFile(room, picture.path, { name: 'photo.png', mime: 'image/png', msgtype: 'm.image', caption });
    await scene.restartAfterDeath();
    await scene.arrivesAtPhone(caption);
    await scene.settled();
    const arrived = await scene.reachedPhone(caption);
    expect(arrived).toHaveLength(1);
    expect(arrived[0]?.media?.sha256).toBe(picture.sha256);
    expect(ana.said(room).filter(({ content }) => content['msgtype'] === 'm.notice')).toHaveLength(0);
  },
);

test('a message whose fate nobody can know is shown as uncertain, is not sent again by itself, and is sent once when an admin says so', async () => {
  const { ana } = scene;
  const { room } = await scene.openChat('before the gap');
  const text = 'killed between the record and the call';
  await scene.restartDyingAt('outbound.sending');
  const event = await ana.sendText(room, text);
  await scene.restartAfterDeath();
  expect(await scene.answerTo(event)).toMatch(/^Nobody can tell/);
  await scene.settled();
  expect(await scene.reachedPhone(text)).toHaveLength(0);
  const listed = await scene.command(room, 'retry');
  await scene.command(room, `retry message ${/message (\d+) /.exec(listed)?.[1] ?? 'none'}`);
  await scene.arrivesAtPhone(text);
  await scene.settled();
  expect(await scene.reachedPhone(text)).toHaveLength(1);
});

test('of a long text whose second part is uncertain, only that part is sent again', async () => {
  const { ana } = scene;
  const { room } = await scene.openChat('before the long answer');
  const [first, second] = ['A'.repeat(4_000), 'B'.repeat(500)];
  await scene.restartDyingAt('outbound.sending:2');
  const event = await ana.sendText(room, `${first}\n${second}`);
  await scene.restartAfterDeath();
  expect(await scene.answerTo(event)).toMatch(/^Nobody can tell/);
  const listed = await scene.command(room, 'retry');
  const numbers = [...listed.matchAll(/message (\d+) of [^\n]*: uncertain/g)].map(([, number]) => number);
  expect(await scene.command(room, `retry message ${numbers.at(-1) ?? 'none'}`)).toMatch(/is sent again/);
  await scene.arrivesAtPhone(second);
  await scene.settled();
  expect(await scene.reachedPhone(`${first}\n`)).toHaveLength(1);
  expect(await scene.reachedPhone(second)).toHaveLength(1);
});
