/** What a citizen does on WhatsApp, as an official sees it in an ordinary Matrix client. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { SeenEvent } from '../peers/matrix-client/ordinary-client.ts';
import { phoneNumberId } from '../peers/house.ts';
import { replyTarget, saying, Scene } from '../peers/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open();
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

const minuteMs = 60_000;
const isReaction =
  (target: string) =>
  ({ type, content }: SeenEvent): boolean =>
    type === 'm.reaction' && (content['m.relates_to'] as { event_id?: string }).event_id === target;

test('a first message makes a room that says what it is, and invites the officials of the configuration', async () => {
  const { ana } = scene;
  const { phone, room, first } = await scene.openChat('Good morning, is the office open?');
  const state = await ana.roomState(room);
  const content = (type: string): SeenEvent['content'] | undefined => state.find((one) => one.type === type)?.content;
  expect(content('m.room.create')).toMatchObject({ room_version: '12' });
  expect(content('m.room.name')).toEqual({ name: 'Citizen 1 (WhatsApp)' });
  expect(content('m.room.join_rules')).toEqual({ join_rule: 'invite' });
  for (const type of ['m.bridge', 'uk.half-shot.bridge']) {
    expect(content(type)).toMatchObject({
      bridgebot: '@chancery:localhost',
      protocol: { id: 'whatsapp', displayname: 'WhatsApp' },
      channel: { displayname: 'Citizen 1' },
    });
  }
  const members = await ana.members(room);
  expect(
    Object.values(members)
      .map((member) => member.display_name)
      .toSorted(),
  ).toEqual(['Chancery', 'Citizen 1 (WhatsApp)', 'ana']);
  expect(first.sender).toMatch(/^@_chancery_[a-z2-7]{32}:localhost$/);
  // Not even the room's state, which federates in clear text, tells the number.
  expect(JSON.stringify([state, members])).not.toContain(phone);
});

test('a message keeps its time, its styles and its letters of any language', async () => {
  const { house } = scene;
  const { phone } = await scene.openChat('hello');
  await house.whatsapp.advanceClock(-10 * minuteMs);
  const before = Date.now() - 10 * minuteMs;
  await house.whatsapp.writeText(phone, '*Grüße* _aus_ ~Köln~ `code` 🇪🇺 مرحبا <b>not bold</b> & "quoted"');
  await house.whatsapp.advanceClock(10 * minuteMs);
  const event = await scene.arrivesInRoom('Grüße aus Köln code 🇪🇺 مرحبا <b>not bold</b> & "quoted"');
  expect(Math.abs(event.origin_server_ts - before)).toBeLessThan(minuteMs);
  expect(event.content['formatted_body']).toBe(
    '<strong>Grüße</strong> <em>aus</em> <del>Köln</del> <code>code</code> 🇪🇺 مرحبا &lt;b&gt;not bold&lt;/b&gt; &amp; &quot;quoted&quot;',
  );
});

test('messages arrive in the order in which they were written', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('counting');
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  for (const line of lines) await house.whatsapp.writeText(phone, line);
  await scene.arrivesInRoom('line 19');
  expect(ana.said(room).map(({ content }) => content['body'])).toEqual(['counting', ...lines]);
});

test('a photo with a caption, a document and a voice message arrive as what they are, byte for byte', async () => {
  const { ana, house } = scene;
  const { phone } = await scene.openChat('some files');
  const photo = await house.whatsapp.sendMedia(phone, {
    kind: 'image',
    mime: 'image/jpeg',
    caption: 'the *broken* lamp',
    source: { size: 70_000, seed: 1 },
  });
  const form = await house.whatsapp.sendMedia(phone, {
    kind: 'document',
    mime: 'application/pdf',
    filename: 'Antrag für Müller.pdf',
    source: { size: 120_000, seed: 2 },
  });
  const voice = await house.whatsapp.sendMedia(phone, {
    kind: 'audio',
    mime: 'audio/ogg',
    voice: true,
    source: { size: 9_000, seed: 3 },
  });
  const photoEvent = await scene.arrivesInRoom('the broken lamp');
  expect(photoEvent.content).toMatchObject({ msgtype: 'm.image', formatted_body: 'the <strong>broken</strong> lamp' });
  const formEvent = await scene.arrivesInRoom('Antrag für Müller.pdf');
  expect(formEvent.content).toMatchObject({
    msgtype: 'm.file',
    filename: 'Antrag für Müller.pdf',
    info: { mimetype: 'application/pdf', size: 120_000 },
  });
  const voiceEvent = await scene.ana.waitForEvent(({ content }) => Object.hasOwn(content, 'org.matrix.msc3245.voice'), {
    what: 'the voice message',
  });
  expect(voiceEvent.content).toMatchObject({ msgtype: 'm.audio' });
  for (const [event, sent] of [
    [photoEvent, photo],
    [formEvent, form],
    [voiceEvent, voice],
  ] as const)
    expect((await ana.downloadHash(String(event.content['url']))).sha256).toBe(sent.media.sha256);
});

test('a file whose bytes come damaged is asked for again; one that is gone is told', async () => {
  const { ana, house } = scene;
  const { phone } = await scene.openChat('more files');
  await house.whatsapp.misbehave({ fault: 'media-wrong-bytes' });
  const sent = await house.whatsapp.sendMedia(phone, {
    kind: 'image',
    mime: 'image/jpeg',
    caption: 'damaged once',
    source: { size: 30_000, seed: 4 },
  });
  const event = await scene.arrivesInRoom('damaged once');
  expect((await ana.downloadHash(String(event.content['url']))).sha256).toBe(sent.media.sha256);
  await house.whatsapp.misbehave({ fault: 'media-url-404', times: 20 });
  await house.whatsapp.sendMedia(phone, { kind: 'image', source: { size: 1_000, seed: 5 } });
  await scene.arrivesInRoom('A file (image) was sent, but the network no longer has it. Ask for it again.');
  await house.whatsapp.behave();
});

test('a reply, a reaction, another reaction and its removal are seen at the message they are about', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('my question');
  const answer = await ana.sendText(room, 'our answer');
  const { messageId } = await scene.arrivesAtPhone('our answer');
  await house.whatsapp.writeText(phone, 'thank you for that', { replyTo: messageId });
  expect(replyTarget((await scene.arrivesInRoom('thank you for that')).content)).toBe(answer);

  await house.whatsapp.react(phone, messageId, '👍');
  const thumb = await ana.waitForEvent(isReaction(answer), { what: 'the reaction' });
  expect(thumb.content['m.relates_to']).toMatchObject({ rel_type: 'm.annotation', key: '👍' });
  await house.whatsapp.react(phone, messageId, '❤️');
  const heart = await ana.waitForEvent((event) => isReaction(answer)(event) && event.event_id !== thumb.event_id, {
    what: 'the second reaction',
  });
  await house.whatsapp.react(phone, messageId, null);
  for (const reaction of [thumb, heart]) {
    await ana.waitForEvent(
      ({ type, content }) => type === 'm.room.redaction' && content['redacts'] === reaction.event_id,
      { what: 'the removal of a reaction' },
    );
  }
});

test('a kind that is not shown as what it is arrives as a notice that names it', async () => {
  const { house } = scene;
  const { phone } = await scene.openChat('something else');
  await house.whatsapp.sendOther(phone, { type: 'hologram', content: { depth: 3 } });
  const shown = await scene.arrivesInRoom(
    'Sent something that cannot be shown here (hologram). Ask the sender to say it in another way.',
  );
  expect(shown.content['msgtype']).toBe('m.notice');
});

test('a webhook that comes twice, and one that is overtaken, are shown once each', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('unreliable delivery');
  await house.whatsapp.misbehave({ fault: 'webhook-duplicate', copies: 3 });
  await house.whatsapp.writeText(phone, 'said once');
  await house.whatsapp.misbehave({ fault: 'webhook-reorder', holdMs: 300 });
  await house.whatsapp.writeText(phone, 'held back');
  await house.whatsapp.writeText(phone, 'not held back');
  for (const words of ['said once', 'held back', 'not held back']) await scene.arrivesInRoom(words);
  expect(await house.whatsapp.idle()).toBe(true);
  await scene.settled();
  for (const words of ['said once', 'held back', 'not held back'])
    expect(ana.said(room).filter(saying(words))).toHaveLength(1);
});

test('a person stays the same person in the same room with another number, and with no number at all', async () => {
  const { ana, house } = scene;
  const { phone, room, first } = await scene.openChat('my old number');
  await house.whatsapp.citizen({ phone, userId: 'DE.Aa1234567890' });
  await house.whatsapp.writeText(phone, 'with a user id');
  const newPhone = `${phone}9`;
  await house.whatsapp.changeNumber(phone, newPhone);
  await house.whatsapp.writeText('DE.Aa1234567890', 'my new number');
  const event = await scene.arrivesInRoom('my new number');
  expect([event.room_id, event.sender]).toEqual([room, first.sender]);
  await ana.sendText(room, 'to the new number');
  await scene.arrivesAtPhone('to the new number');

  await house.whatsapp.citizen({ userId: 'DE.Bb1234567890', username: 'nonumber', name: 'Nobody' });
  await house.whatsapp.writeText('DE.Bb1234567890', 'without a number');
  const other = await scene.arrivesInRoom('without a number');
  await ana.sendText(other.room_id, 'to nobody in particular');
  await scene.arrivesAtPhone('to nobody in particular');
});

test('a ghost that was removed from the room goes into it again and speaks', async () => {
  const { ana, house } = scene;
  const { phone, room, first } = await scene.openChat('before I was shown the door');
  const registration = parse(readFileSync(house.bridge.registrationFile, 'utf8')) as { as_token: string };
  const kick = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/kick?user_id=${encodeURIComponent('@chancery:localhost')}`;
  const answer = await fetch(`${house.synapse.url}${kick}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${registration.as_token}` },
    body: JSON.stringify({ user_id: first.sender }),
  });
  expect(answer.status).toBe(200);
  await house.whatsapp.writeText(phone, 'here I am again');
  const again = await scene.arrivesInRoom('here I am again');
  await ana.sendText(room, 'welcome back');
  const { messageId } = await scene.arrivesAtPhone('welcome back');
  await house.whatsapp.react(phone, messageId, '🙏');
  await ana.waitForEvent((event) => event.type === 'm.reaction' && event.room_id === room, { what: 'the reaction' });
  expect([again.room_id, again.sender]).toEqual([room, first.sender]);
});

test('a message that nobody can read is set aside and counted, and the one beside it arrives', async () => {
  const { house } = scene;
  const { phone } = await scene.openChat('before the odd one');
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const metadata = { display_phone_number: '493012345670', phone_number_id: phoneNumberId };
  const { journal: before } = await house.bridge.status();
  await house.whatsapp.postRaw({
    content: {
      value: {
        messaging_product: 'whatsapp',
        metadata,
        contacts: [{ profile: { name: 'Odd' }, wa_id: phone }],
        messages: [
          { type: 'text', text: { body: 'no id' } },
          { from: phone, id: 'wamid.beside', timestamp, type: 'text', text: { body: 'beside the odd one' } },
        ],
      },
    },
  });
  await scene.arrivesInRoom('beside the odd one');
  const { journal: after } = await house.bridge.status();
  expect(Number(after['quarantined'])).toBe(Number(before['quarantined']) + 1);
});
