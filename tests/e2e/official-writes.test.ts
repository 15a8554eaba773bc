/** What an official does in a room, as it reaches a phone, and what is said at the message when it does not. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { phoneNumberId } from '../peers/house.ts';
import type { OrdinaryClient } from '../peers/matrix-client/ordinary-client.ts';
import { replyTarget, Scene } from '../peers/scene.ts';
import { pictureFile } from '../peers/picture-file.ts';

let scene: Scene;
let ben: OrdinaryClient;
let mallory: OrdinaryClient;

beforeAll(async () => {
  scene = await Scene.open({ officials: ['ana', 'ben'], invited: ['ana', 'ben', 'mallory'] });
  ben = await scene.house.client('ben');
  mallory = await scene.house.client('mallory');
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

const hourMs = 3_600_000;

test('a text keeps its styles, its links and its letters of any language', async () => {
  const { room } = await scene.openChat('tell me');
  await scene.ana.sendText(room, 'ignored', {
    format: 'org.matrix.custom.html',
    formatted_body:
      '<p><strong>Grüße</strong> &amp; <em>Küsse</em> <del>nicht</del> <a href="https://agency.example/f">das Formular</a></p><ul><li>eins</li><li>zwei</li></ul>',
  });
  const arrived = await scene.arrivesAtPhone(
    '*Grüße* & _Küsse_ ~nicht~ das Formular (https://agency.example/f)\n\n- eins\n- zwei',
  );
  expect(arrived.content).toMatchObject({ preview_url: true });
});

test('sent, delivered and read are shown at the message', async () => {
  const { ana, house } = scene;
  const { phone, room, first } = await scene.openChat('will you read this?');
  const event = await ana.sendText(room, 'we have read it');
  await ana.waitForReceipt((receipt) => receipt.event === event && receipt.user === '@chancery:localhost', {
    what: 'the mark that it was passed on',
  });
  const delivered = await ana.waitForEvent(
    ({ type, content }) =>
      type === 'com.beeper.message_send_status' &&
      (content['m.relates_to'] as { event_id?: string }).event_id === event,
    { what: 'the mark that it was delivered' },
  );
  expect(delivered.content).toMatchObject({ status: 'SUCCESS', delivered_to_users: [first.sender] });
  await house.whatsapp.read(phone);
  await ana.waitForReceipt((receipt) => receipt.event === event && receipt.user === first.sender, {
    what: 'the mark that it was read',
  });
});

test('a photo with a caption arrives as a photo, a file of another kind as a document, byte for byte', async () => {
  const { ana, house } = scene;
  const { room } = await scene.openChat('send me something');
  const picture = pictureFile(house.directory);
  await ana.sendFile(room, picture.path, {
    name: 'map.png',
    mime: 'image/png',
    msgtype: 'm.image',
    caption: 'the way to us',
  });
  expect(await scene.arrivesAtPhone('the way to us')).toMatchObject({
    type: 'image',
    media: { sha256: picture.sha256 },
  });
  await ana.sendFile(room, picture.path, { name: 'Bescheid.pdf', mime: 'application/pdf', msgtype: 'm.file' });
  const form = await house.whatsapp.waitForKind('business-message', ({ type }) => type === 'document', {
    what: 'the document',
    timeoutMs: 20_000,
  });
  expect(form).toMatchObject({
    content: { filename: 'Bescheid.pdf' },
    media: { sha256: picture.sha256, mime: 'application/pdf' },
  });
});

test('a reply, a reaction and its removal reach the message they are about', async () => {
  const { ana, house } = scene;
  const { room, first } = await scene.openChat('a question');
  const asked = (await house.whatsapp.everything()).findLast((entry) => entry.kind === 'citizen-message');
  const question = asked?.kind === 'citizen-message' ? asked.messageId : '';
  await ana.sendReply(room, first.event_id, 'an answer to it');
  expect((await scene.arrivesAtPhone('an answer to it')).replyTo).toBe(question);
  const reaction = await ana.react(room, first.event_id, '👍');
  const reactions = (emoji: string | null) =>
    house.whatsapp.waitForKind('business-reaction', (entry) => entry.emoji === emoji && entry.target === question, {
      what: `the reaction ${String(emoji)}`,
      timeoutMs: 20_000,
    });
  await reactions('👍');
  await ana.redact(room, reaction);
  await reactions(null);
});

test('a newer reaction of another official takes the place of the older one in the room too', async () => {
  const { ana, house } = scene;
  const { room, first } = await scene.openChat('two officials');
  const older = await ana.react(room, first.event_id, '👍');
  await house.whatsapp.waitForKind('business-reaction', ({ emoji }) => emoji === '👍', {
    what: 'one',
    timeoutMs: 20_000,
  });
  await ben.waitForEvent((event) => event.event_id === first.event_id, { what: 'the message' });
  await ben.react(room, first.event_id, '🎉');
  await house.whatsapp.waitForKind('business-reaction', ({ emoji }) => emoji === '🎉', {
    what: 'two',
    timeoutMs: 20_000,
  });
  await ana.waitForEvent(({ type, content }) => type === 'm.room.redaction' && content['redacts'] === older, {
    what: 'the older reaction taken out',
  });
});

test('an edit and a deletion are told that WhatsApp cannot, at the message', async () => {
  const { ana } = scene;
  const { room } = await scene.openChat('be careful');
  const event = await ana.sendText(room, 'the office opens at 8');
  await scene.arrivesAtPhone('the office opens at 8');
  await ana.edit(room, event, 'the office opens at 9');
  expect(await scene.answerTo(event)).toMatch(/^WhatsApp cannot change a message that was sent/);
  const other = await ana.sendText(room, 'a slip of the tongue');
  await scene.arrivesAtPhone('a slip of the tongue');
  await ana.redact(room, other);
  expect(await scene.answerTo(other)).toMatch(/^WhatsApp cannot take back a message that was sent/);
  expect(await scene.reachedPhone('* the office opens at 9')).toHaveLength(0);
});

test('nothing false is said of an edit or a deletion of what never was on its way', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('what was that?');
  await house.whatsapp.citizen({ phone, undeliverable: true });
  const failed = await ana.sendText(room, 'never to arrive');
  await scene.answerTo(failed);
  await ana.edit(room, failed, 'never to arrive either');
  await ana.waitForEvent(
    ({ content }) => replyTarget(content) === failed && String(content['body']).startsWith('That message was not sent'),
    { what: 'that there is nothing to change' },
  );
  const command = await ana.sendText(room, '!chancery version');
  await scene.answerTo(command);
  await ana.edit(room, command, '!chancery help');
  await ana.redact(room, failed);
  await scene.command(room, 'version');
  const bodies = ana.said(room).map(({ content }) => String(content['body']));
  expect(bodies.filter((body) => /^WhatsApp cannot (change|take back)/.test(body))).toEqual([]);
});

test('what WhatsApp does not take is told with what to do, before anything is tried', async () => {
  const { ana, house } = scene;
  const { room } = await scene.openChat('what else can you do?');
  const poll = await ana.send(room, 'm.poll.start', { 'm.text': [{ body: 'When?' }] });
  expect(await scene.answerTo(poll)).toMatch(
    /^This was not sent: WhatsApp does not get a poll without a question or answers from here\./,
  );
  const large = pictureFile(house.directory, 6 * 1024 * 1024);
  const file = await ana.sendFile(room, large.path, { name: 'big.png', mime: 'image/png', msgtype: 'm.image' });
  expect(await scene.answerTo(file)).toBe('This file was not sent: WhatsApp takes at most 5 MB of this kind.');
});

test('outside the 24 hours nothing is sent, and the official learns when and why', async () => {
  const { ana, house } = scene;
  const phone = await scene.newCitizen();
  const timestamp = String(Math.floor((Date.now() - 25 * hourMs) / 1_000));
  await house.whatsapp.postRaw({
    content: {
      value: {
        messaging_product: 'whatsapp',
        metadata: { display_phone_number: '493012345670', phone_number_id: phoneNumberId },
        contacts: [{ profile: { name: 'Yesterday' }, wa_id: phone }],
        messages: [{ from: phone, id: 'wamid.yesterday', timestamp, type: 'text', text: { body: 'a day ago' } }],
      },
    },
  });
  const { room_id: room } = await scene.arrivesInRoom('a day ago');
  const late = await ana.sendText(room, 'too late');
  expect(await scene.answerTo(late)).toMatch(
    /^This was not sent to WhatsApp\. WhatsApp lets you write only within 24 hours .* Wait until they write again/,
  );
  expect(await scene.reachedPhone('too late')).toHaveLength(0);
});

test('a message that WhatsApp reports as failed later is told at the message with the reason', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('soon out of reach');
  await house.whatsapp.citizen({ phone, undeliverable: true });
  const event = await ana.sendText(room, 'into the void');
  expect(await scene.answerTo(event)).toMatch(
    /^WhatsApp did not deliver this\. This person cannot be reached on WhatsApp/,
  );
});

test('rate limits are kept by waiting: nothing is lost, nothing doubled, the order stays', async () => {
  const { ana, house } = scene;
  const { room } = await scene.openChat('many answers');
  await house.whatsapp.misbehave({ fault: 'graph-rate-limited', code: 131056, times: 1 });
  await house.whatsapp.misbehave({ fault: 'graph-5xx', times: 2 });
  const lines = Array.from({ length: 8 }, (_, index) => `answer ${index}`);
  for (const line of lines) await ana.sendText(room, line);
  await scene.arrivesAtPhone('answer 7');
  const log = await house.whatsapp.everything();
  const arrived = log.flatMap((entry) =>
    entry.kind === 'business-message' ? [(entry.content as { body?: string }).body ?? ''] : [],
  );
  expect(arrived.filter((body) => body.startsWith('answer '))).toEqual(lines);
});

test('a connection that breaks after WhatsApp took the message doubles nothing and is not shown as a failure', async () => {
  const { ana, house } = scene;
  const { room } = await scene.openChat('a bad line');
  await house.whatsapp.misbehave({ fault: 'graph-cut-after-accept' });
  const event = await ana.sendText(room, 'over a bad line');
  await ana.waitForReceipt((receipt) => receipt.event === event && receipt.user === '@chancery:localhost', {
    what: 'the mark that it was passed on',
  });
  await scene.settled();
  expect(await scene.reachedPhone('over a bad line')).toHaveLength(1);
  expect(ana.said(room).filter(({ content }) => content['msgtype'] === 'm.notice')).toHaveLength(0);
});

test('somebody who is not an official is told so, and nothing is sent', async () => {
  const { ana } = scene;
  const { room } = await scene.openChat('who is there?');
  await mallory.waitForEvent((event) => event.room_id === room, { what: 'the room' });
  const event = await mallory.sendText(room, 'send me money');
  expect(await scene.answerTo(event)).toMatch(/^This was not sent to WhatsApp: you are not among those who may write/);
  await ana.sendText(room, 'that was not us');
  await scene.arrivesAtPhone('that was not us');
  expect(await scene.reachedPhone('send me money')).toHaveLength(0);
});

test('what an official reads and types is shown to the citizen', async () => {
  const { ana, house } = scene;
  const { room, first } = await scene.openChat('are you there?');
  await ana.markRead(room, first.event_id);
  await house.whatsapp.waitFor(({ kind }) => kind === 'read-mark', { what: 'the read mark', timeoutMs: 20_000 });
  await ana.typing(room);
  await house.whatsapp.waitFor(({ kind }) => kind === 'typing', { what: 'the typing mark', timeoutMs: 20_000 });
});
