/** What was said in the Business app before the number came here stands in the room first, in order, with its own times. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { phoneNumberId } from '../peers/house.ts';
import type { SeenEvent } from '../peers/matrix-client/ordinary-client.ts';
import { replyTarget, Scene } from '../peers/scene.ts';

const own = '493012345670';
const metadata = { display_phone_number: own, phone_number_id: phoneNumberId };
const dayMs = 86_400_000;
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ whatsappSection: { history_wait_seconds: 3 } });
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

const deliver = (value: object): Promise<unknown> =>
  scene.house.whatsapp.postRaw({
    content: { field: 'history', value: { messaging_product: 'whatsapp', metadata, ...value } },
    retry: true,
  });

interface Said {
  readonly daysAgo: number;
  readonly from: string;
  readonly body?: string;
  readonly id: string;
}

const message = ({ daysAgo, from, body, id }: Said): object => ({
  from,
  id,
  timestamp: String(Math.floor((Date.now() - daysAgo * dayMs) / 1_000)),
  ...(body === undefined ? { type: 'media_placeholder' } : { type: 'text', text: { body } }),
  history_context: { status: 'READ' },
});

const chunk = (phone: string, phase: number, progress: number, said: readonly Said[]): Promise<unknown> =>
  deliver({
    history: [{ metadata: { phase, chunk_order: 1, progress }, threads: [{ id: phone, messages: said.map(message) }] }],
  });

const bodiesIn = (room: string): string[] => scene.ana.said(room).map(({ content }) => String(content['body']));
const messagesIn = (room: string): SeenEvent[] => scene.ana.said(room).filter(({ type }) => type === 'm.room.message');

test('chunks that come in any order, twice, and beside a new message, are one story', async () => {
  const phone = await scene.newCitizen();
  await chunk(phone, 0, 30, [
    { daysAgo: 0.5, from: own, body: 'see you then', id: 'wamid.h4' },
    { daysAgo: 0.6, from: phone, body: 'on Friday', id: 'wamid.h3' },
  ]);
  await scene.house.whatsapp.writeText(phone, 'and now?');
  await chunk(phone, 1, 60, [{ daysAgo: 30, from: phone, id: 'wamid.h2' }]);
  await chunk(phone, 1, 60, [{ daysAgo: 30, from: phone, id: 'wamid.h2' }]);
  await chunk(phone, 2, 90, [{ daysAgo: 120, from: phone, body: 'hello, City', id: 'wamid.h1' }]);
  const { room_id: room } = await scene.arrivesInRoom('and now?');
  expect(bodiesIn(room)).toEqual([
    'hello, City',
    'Sent a file that WhatsApp has not handed over.',
    'on Friday',
    'see you then',
    'and now?',
  ]);
  const [first, , , answer] = messagesIn(room);
  expect(Date.now() - (first?.origin_server_ts ?? 0)).toBeGreaterThan(119 * dayMs);
  expect(answer?.sender).not.toBe(first?.sender);
  expect((await scene.house.whatsapp.everything()).some(({ kind }) => kind === 'business-message')).toBe(false);
});

test('a history does not open the window', async () => {
  const phone = await scene.newCitizen();
  await chunk(phone, 0, 40, [{ daysAgo: 0.1, from: phone, body: 'an hour ago', id: 'wamid.w1' }]);
  const { room_id: room } = await scene.arrivesInRoom('an hour ago');
  const refused = await scene.ana.sendText(room, 'may I?');
  expect(await scene.answerTo(refused)).toMatch(/freely only to people who wrote first/);
});

test('a file that WhatsApp hands over later answers to the word that there was one', async () => {
  const phone = await scene.newCitizen();
  await chunk(phone, 0, 50, [{ daysAgo: 2, from: phone, id: 'wamid.f1' }]);
  const live = { kind: 'image', mime: 'image/png', source: { size: 5_000, seed: 7 } } as const;
  const { media } = await scene.house.whatsapp.sendMedia(phone, live);
  const first = await scene.ana.waitForEvent(({ content }) => content['msgtype'] === 'm.image', {
    what: 'the live file',
  });
  await deliver({
    messages: [
      {
        from: phone,
        id: 'wamid.f1',
        timestamp: String(Math.floor((Date.now() - 2 * dayMs) / 1_000)),
        type: 'image',
        image: { id: media.id, mime_type: 'image/png' },
      },
    ],
  });
  const late = await scene.ana.waitForEvent(
    ({ content, event_id: event }) => content['msgtype'] === 'm.image' && event !== first.event_id,
    { what: 'the late file' },
  );
  const word = messagesIn(late.room_id)[0];
  expect(replyTarget(late.content)).toBe(word?.event_id);
});

test('a history that is killed in the middle is gone on from, each message once', async () => {
  const phone = await scene.newCitizen();
  await scene.restartDyingAt('inbound.sent:7');
  const said = Array.from({ length: 15 }, (_, number) => ({
    daysAgo: 20 - number,
    from: number % 3 === 0 ? own : phone,
    body: `old ${number}`,
    id: `wamid.k${number}`,
  }));
  await chunk(phone, 1, 70, said.toReversed());
  await scene.restartAfterDeath();
  const { room_id: room } = await scene.arrivesInRoom('old 14');
  await scene.settled();
  expect(bodiesIn(room)).toEqual(said.map(({ body }) => body));
});

test('a history that the business did not want to share is no trouble', async () => {
  await deliver({ history: [{ errors: [{ code: 2593109, title: 'History sharing is turned off by the business' }] }] });
  const { journal } = await scene.house.bridge.status();
  expect(journal['quarantined']).toBe(0);
});
