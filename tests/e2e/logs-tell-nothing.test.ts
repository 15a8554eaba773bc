/**
 * The log of a whole run, at its most talkative, in which everything happens that can go wrong: it names every message
 * by its portal and row, and holds nothing that was said, nobody's name or number, and no secret.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { phoneNumberId } from '../peers/house.ts';
import { pictureFile } from '../peers/picture-file.ts';
import { Scene } from '../peers/scene.ts';
import { searchHouse, searchLog } from '../peers/search.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ logLevel: 'debug', officials: ['ana'], invited: ['ana', 'benjamin'] });
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

/** What is said and does not reach the other side. */
const unsaid = {
  stranger: 'words of somebody who may not write here',
  edited: 'words that cannot be changed any more',
  noId: 'words of a message without an id',
  unreadable: 'words in a body that is no JSON',
  foreign: 'words for a number that is not connected',
  fateless: 'words of an unknown fate',
  gateway: 'words that a gateway answered',
  unsigned: 'words in a body that nobody signed',
  deep: 'words in a change that is none',
} as const;

const longMs = 60_000;

interface Line {
  readonly msg: string;
  readonly portal?: unknown;
  readonly row?: unknown;
  readonly lane?: string;
  readonly direction?: string;
  readonly outcome?: string;
}

const linesOf = (log: string): Line[] =>
  log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);

test('texts, files, replies and reactions pass in both directions', async () => {
  const { ana, house } = scene;
  const { phone, room, first } = await scene.openChat('a text in confidence');
  await ana.sendReply(room, first.event_id, 'a reply in confidence');
  const { messageId } = await scene.arrivesAtPhone('a reply in confidence');
  await house.whatsapp.react(phone, messageId, '👍');
  await ana.react(room, first.event_id, '🙏');
  await house.whatsapp.sendMedia(phone, {
    kind: 'document',
    filename: 'tax-return-of-a-citizen.pdf',
    caption: 'a caption in confidence',
    source: { size: 40_000, seed: 3 },
  });
  await scene.arrivesInRoom('a caption in confidence');
  const picture = pictureFile(house.directory);
  const file = { name: 'plan-of-the-vault.png', mime: 'image/png', msgtype: 'm.image', caption: 'an official caption' };
  await ana.sendFile(room, picture.path, file);
  await scene.arrivesAtPhone('an official caption');
  await house.whatsapp.read(phone);
  await ana.markRead(room, first.event_id);
  await ana.typing(room);
  await scene.settled();
}, 120_000);

test('the network fails, refuses, slows down, and hands over damaged files', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('before the network fails');
  for (const fault of [
    { fault: 'graph-5xx', status: 500 },
    { fault: 'graph-rate-limited', code: 131056 },
    { fault: 'graph-cut-after-accept' },
  ] as const) {
    await house.whatsapp.misbehave(fault);
    const words = `sent in spite of ${JSON.stringify(fault)}`;
    await ana.sendText(room, words);
    await scene.arrivesAtPhone(words);
    await scene.settled();
  }
  await house.whatsapp.misbehave({ fault: 'graph-5xx', status: 502, body: 'html' });
  await scene.answerTo(await ana.sendText(room, unsaid.gateway));
  await house.whatsapp.misbehave({ fault: 'media-wrong-bytes' });
  await house.whatsapp.sendMedia(phone, {
    kind: 'image',
    caption: 'damaged in confidence',
    source: { size: 9_000, seed: 4 },
  });
  await scene.arrivesInRoom('damaged in confidence');
  await house.whatsapp.misbehave({ fault: 'media-url-404', times: 20 });
  await house.whatsapp.sendMedia(phone, { kind: 'image', source: { size: 1_000, seed: 5 } });
  await scene.arrivesInRoom('A file (image) was sent, but the network no longer has it. Ask for it again.');
  await house.whatsapp.behave();
  await house.whatsapp.citizen({ phone, undeliverable: true });
  await scene.answerTo(await ana.sendText(room, 'undeliverable in confidence'));
}, 180_000);

test('people write who may not, edit what cannot be changed, and bodies come that nobody can read', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('before nobody understands');
  const benjamin = await house.client('benjamin');
  await benjamin.call('POST', `/rooms/${encodeURIComponent(room)}/join`, {});
  await scene.answerTo(await benjamin.sendText(room, unsaid.stranger));
  const sent = await ana.sendText(room, 'soon to be changed');
  await scene.arrivesAtPhone('soon to be changed');
  await ana.edit(room, sent, unsaid.edited);
  await scene.answerTo(sent);
  const metadata = { display_phone_number: '493012345670', phone_number_id: phoneNumberId };
  const value = (more: object): object => ({ messaging_product: 'whatsapp', metadata, ...more });
  const contacts = [{ profile: { name: 'Wilhelmina the Odd' }, wa_id: phone }];
  const bodies = [
    { content: { value: value({ contacts, messages: [{ from: phone, type: 'text', text: { body: unsaid.noId } }] }) } },
    { content: { text: `{"object": "whatsapp_business_account", "entry": ${unsaid.unreadable}` } },
    {
      content: {
        value: value({
          metadata: { ...metadata, phone_number_id: '1' },
          contacts,
          messages: [{ from: phone, id: 'wamid.f', type: 'text', text: { body: unsaid.foreign } }],
        }),
      },
    },
    { content: { text: unsaid.unsigned }, signature: 'wrong' },
    { content: { value: { [unsaid.deep]: [phone] } } },
  ] as const;
  for (const body of bodies) await house.whatsapp.postRaw(body);
  expect((await house.bridge.status()).journal['quarantined']).toBeGreaterThanOrEqual(2);
}, 120_000);

test('a lane is parked because the homeserver refuses, and released', async () => {
  const { house } = scene;
  const { phone, room } = await scene.openChat('before the room is closed');
  const { room: other } = await scene.openChat('where the bot is asked');
  const letSpeak = async (level: number): Promise<void> => {
    const at = `${house.synapse.url}/_matrix/client/v3/rooms/${encodeURIComponent(room)}/state/m.room.power_levels`;
    const { as_token } = parse(readFileSync(house.bridge.registrationFile, 'utf8')) as { as_token: string };
    const asBot = `${at}?user_id=${encodeURIComponent('@chancery:localhost')}`;
    const headers = { Authorization: `Bearer ${as_token}` };
    const levels = (await (await fetch(asBot, { headers })).json()) as { events: object };
    const body = JSON.stringify({ ...levels, events: { ...levels.events, 'm.room.message': level } });
    const answer = await fetch(asBot, { method: 'PUT', headers, body });
    expect(answer.status).toBe(200);
  };
  await letSpeak(90);
  await house.whatsapp.writeText(phone, 'parked in confidence');
  const deadline = Date.now() + longMs;
  while (!house.bridge.log().includes('lane parked') && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 100));
  await letSpeak(0);
  const row = /row (\d+) in in\/\d+: parked/.exec(await scene.command(other, 'retry'))?.[1];
  await scene.command(other, `retry row ${String(row)}`);
  await scene.arrivesInRoom('parked in confidence');
}, 120_000);

test('homeserver and bridge are killed in the middle of it', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('before everything dies');
  await house.synapse.kill();
  await house.whatsapp.writeText(phone, 'without a homeserver');
  await house.whatsapp.sendMedia(phone, { kind: 'image', caption: 'no place to go', source: { size: 9_000, seed: 6 } });
  expect(await house.whatsapp.idle()).toBe(true);
  await house.synapse.start();
  await scene.arrivesInRoom('no place to go');
  await scene.restartDyingAt('outbound.sending');
  const uncertain = await ana.sendText(room, unsaid.fateless);
  await scene.restartAfterDeath();
  await scene.answerTo(uncertain);
  await scene.settled();
  await house.bridge.stop();
}, 120_000);

test('the log holds nothing that was said, no secret, nobody’s name or number', async () => {
  const { house } = scene;
  const everybody = [...(await scene.everythingPersonal()), 'Wilhelmina the Odd', 'plan-of-the-vault.png'];
  expect(everybody).toEqual(expect.arrayContaining(['493055500001', 'Citizen 1', 'tax-return-of-a-citizen.pdf']));
  const said = await scene.everythingSaid();
  expect(said).toEqual(expect.arrayContaining(['a text in confidence', 'an official caption', 'parked in confidence']));
  expect(searchLog(house, [...everybody, ...said, ...Object.values(unsaid), house.secrets.password])).toEqual([]);
  expect(searchLog(house, ['@ana:localhost', '@benjamin:localhost'])).toEqual([]);
  expect(await searchHouse(house, said)).toEqual([]);
});

test('every line about a message names it by portal and row, and every message has its line', () => {
  const lines = linesOf(scene.house.bridge.log());
  const settled = lines.filter(({ msg }) => msg === 'what became of a message');
  const setBack = lines.filter(({ lane }) => lane !== undefined);
  for (const line of [...settled, ...setBack])
    expect(line).toMatchObject({ portal: expect.any(Number), row: expect.any(Number) });
  const became = (direction: string, outcome: string): number =>
    settled.filter((line) => line.direction === direction && line.outcome === outcome).length;
  expect(became('in', 'passed_on')).toBeGreaterThan(10);
  expect(became('out', 'passed_on')).toBeGreaterThan(5);
  expect(became('out', 'failed') + became('out', 'undelivered')).toBeGreaterThan(1);
  expect(became('out', 'uncertain')).toBe(2);
  // Everything went wrong that was to.
  for (const msg of ['lane waits', 'lane parked: see the bot command `retry`'])
    expect([msg, setBack.some((line) => line.msg === msg)]).toEqual([msg, true]);
});

test('what is planted in the log is found, however it is written', () => {
  const { house } = scene;
  const { logFile } = house.bridge;
  const log = readFileSync(logFile, 'utf8');
  try {
    writeFileSync(logFile, `${log}{"msg":"to 493055500001"}\n{"msg":"/media/tax%20return%20of%20a%20citizen"}\n`);
    expect(searchLog(house, ['493055500001', 'tax return of a citizen', 'not to be found'])).toEqual([
      expect.stringContaining('holds "493055500001"'),
      expect.stringContaining('holds "tax return of a citizen"'),
    ]);
  } finally {
    writeFileSync(logFile, log);
  }
});
