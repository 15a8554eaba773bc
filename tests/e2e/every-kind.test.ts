/** Places, contacts and polls, as both sides see them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SeenEvent } from '../peers/matrix-client/ordinary-client.ts';
import { replyTarget, Scene } from '../peers/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open();
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

const arrivesAs = (type: string) =>
  scene.house.whatsapp.waitForKind('business-message', (entry) => entry.type === type, {
    what: `a message of the type ${type}`,
    timeoutMs: 30_000,
  });

test('a place that a citizen shares is a place on the map, and one that an official shares reaches the phone', async () => {
  const { phone, room } = await scene.openChat('where do we meet?');
  const content = { latitude: 52.5163, longitude: 13.3777, name: 'Gate', address: 'Pariser Platz' };
  await scene.house.whatsapp.sendOther(phone, { type: 'location', content });
  const shown = await scene.arrivesInRoom('Location: Gate, Pariser Platz (52.5163, 13.3777)');
  expect(shown.content).toMatchObject({
    msgtype: 'm.location',
    geo_uri: 'geo:52.5163,13.3777',
    'org.matrix.msc3488.location': { description: 'Gate, Pariser Platz' },
  });
  await scene.ana.send(room, 'm.room.message', {
    msgtype: 'm.location',
    body: 'Location: Town hall',
    geo_uri: 'geo:-33.5,151.25;u=10',
    'org.matrix.msc3488.location': { uri: 'geo:-33.5,151.25;u=10', description: 'Town hall' },
  });
  expect((await arrivesAs('location')).content).toEqual({ latitude: -33.5, longitude: 151.25, name: 'Town hall' });
});

test('a contact that a citizen shares is a card, and a card that an official sends is a contact on the phone', async () => {
  const { phone, room } = await scene.openChat('whom do I ask?');
  const contacts = [
    { name: { formatted_name: 'Bo Berg', first_name: 'Bo' }, phones: [{ phone: '+46 70', type: 'CELL' }] },
  ];
  await scene.house.whatsapp.sendOther(phone, { type: 'contacts', content: contacts });
  const shown = await scene.arrivesInRoom('Contact: Bo Berg, +46 70');
  expect(shown.content).toMatchObject({ msgtype: 'm.file', filename: 'Bo Berg.vcf', info: { mimetype: 'text/vcard' } });
  expect((await scene.ana.downloadHash(String(shown.content['url']))).bytes).toBeGreaterThan(50);

  const path = join(scene.house.directory, 'card.vcf');
  writeFileSync(path, 'BEGIN:VCARD\r\nVERSION:3.0\r\nN:Holm;Ida;;;\r\nFN:Ida Holm\r\nTEL:+47 22\r\nEND:VCARD\r\n');
  await scene.ana.sendFile(room, path, { name: 'card.vcf', mime: 'text/vcard', msgtype: 'm.file' });
  expect((await arrivesAs('contacts')).content).toEqual([
    { name: { formatted_name: 'Ida Holm', first_name: 'Ida', last_name: 'Holm' }, phones: [{ phone: '+47 22' }] },
  ]);
});

test('a poll is offered as buttons, and what the citizen presses is a vote in it', async () => {
  const { phone, room, first } = await scene.openChat('when may I come?');
  const poll = await scene.ana.send(room, 'org.matrix.msc3381.poll.start', {
    'org.matrix.msc1767.text': 'When?\n1. Monday\n2. Friday',
    'org.matrix.msc3381.poll.start': {
      kind: 'org.matrix.msc3381.poll.disclosed',
      max_selections: 1,
      question: { 'org.matrix.msc1767.text': 'When?' },
      answers: [
        { id: 'mon', 'org.matrix.msc1767.text': 'Monday' },
        { id: 'fri', 'org.matrix.msc1767.text': 'Friday' },
      ],
    },
  });
  const asked = await arrivesAs('interactive');
  expect(asked.content).toMatchObject({ type: 'button', body: { text: 'When?' } });
  const [, button] = (asked.content as { action: { buttons: { reply: { id: string; title: string } }[] } }).action
    .buttons;
  expect(button?.reply.title).toBe('Friday');
  await scene.house.whatsapp.sendOther(phone, {
    type: 'interactive',
    content: { type: 'button_reply', button_reply: button?.reply },
    replyTo: asked.messageId,
  });
  const vote = await scene.ana.waitForEvent(({ type }) => type === 'org.matrix.msc3381.poll.response', {
    what: 'a vote',
  });
  expect(vote).toMatchObject({
    sender: first.sender,
    content: {
      'org.matrix.msc3381.poll.response': { answers: ['fri'] },
      'm.relates_to': { rel_type: 'm.reference', event_id: poll },
    },
  });
});

test('a choice from what something else offered is said in words, and forwarded often is said', async () => {
  const { phone } = await scene.openChat('hello there');
  const { whatsapp } = scene.house;
  const list_reply = { id: 'express', title: 'Express', description: 'Next day' };
  await whatsapp.sendOther(phone, { type: 'interactive', content: { type: 'list_reply', list_reply } });
  expect((await scene.arrivesInRoom('Express (Next day)')).content).toMatchObject({ msgtype: 'm.text' });
  await whatsapp.sendOther(phone, { type: 'text', content: { body: 'look' }, frequentlyForwarded: true });
  await scene.arrivesInRoom('Forwarded many times\nlook');
});

test('the end of a poll and a live location are refused at the message, with what to do', async () => {
  const { room } = await scene.openChat('and now?');
  const refusalOf = async (type: string, content: Readonly<Record<string, unknown>>): Promise<string> => {
    const event = await scene.ana.send(room, type, content);
    const told = ({ content: answer }: SeenEvent): boolean => replyTarget(answer) === event;
    return String((await scene.ana.waitForEvent(told, { what: `an answer to ${type}` })).content['body']);
  };
  expect(await refusalOf('m.poll.end', { 'm.text': 'over' })).toMatch(/does not get the end of a poll/);
  expect(await refusalOf('org.matrix.msc3672.beacon', { x: 1 })).toMatch(/does not get a location/);
});
