/** What the bridge sends has exactly the members of what Meta published as an example of it. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MediaContent, MediaKind, SealedFile } from '../../../../src/model/content.ts';
import { asId, type RemoteMessageId } from '../../../../src/model/ids.ts';
import { plainText } from '../../../../src/model/rich-text.ts';
import type { Outgoing } from '../../../../src/networks/contract.ts';
import { contactsIn } from '../../../../src/networks/whatsapp/contact-cards.ts';
import { preparedContacts } from '../../../../src/networks/whatsapp/send-body.ts';
import { FakeGraph } from './fake-graph.ts';
import { chat, never, openSession, type OpenSession, ada, sealed, sendKey, text } from './open-session.ts';

const path = fileURLToPath(new URL('../../../../../shared/fixtures/whatsapp-cloud/send.json', import.meta.url));
const present = existsSync(path);
if (!present)
  console.warn('The published examples (../shared/fixtures beside the repository) are absent: tests skipped');
const promised = present ? test : test.skip;
const examples = present ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, { value: object }>) : {};

const theirs = asId<RemoteMessageId>('wamid.theirs');
const graph = new FakeGraph();
let open: OpenSession;
beforeAll(async () => {
  open = openSession(await graph.start());
  await open.wrote({ phone: ada });
});
afterAll(async () => {
  await open.runtime.close();
  await graph.stop();
});

const file = (kind: MediaKind, mimeType: string, more: Partial<MediaContent<SealedFile>> = {}): Outgoing => ({
  chat,
  sendKey,
  content: { type: 'media', kind, file: sealed, mimeType, ...more },
  prepared: '1003383421387256',
});
const captioned = { caption: plainText('the hole'), fileName: 'hole' };
const send = (outgoing: Outgoing) => () => open.session.send(outgoing, never);
const react = (emoji: string | null) => () => open.session.react({ chat, sendKey, target: theirs, emoji }, never);

/** A file goes by its id where Meta's example has a link; then it also has a name. */
interface Promised {
  readonly example: string;
  readonly call: () => Promise<unknown>;
  /** Members that differ from the example, from one to the other; `undefined` takes away. */
  readonly instead?: Readonly<Record<string, readonly string[]>>;
}

const johnSmith = [
  'BEGIN:VCARD',
  'VERSION:4.0',
  'N:Smith;John;D.;Dr;Jr',
  'FN:John Smith',
  'ORG:WhatsApp;Design',
  'TITLE:Manager',
  'BDAY:2012-08-18',
  'TEL;TYPE=home:+1 (940) 555-1234',
  'TEL;TYPE=work;WAID=16505551234:+1 (650) 555-1234',
  'EMAIL;TYPE=work:test@fb.com',
  'EMAIL;TYPE=home:test@whatsapp.com',
  'URL;TYPE=work:https://www.facebook.com',
  'URL;TYPE=home:https://www.whatsapp.com',
  'ADR;TYPE=home:;;1 Hacker Way;Menlo Park;CA;94025;United States',
  'ADR;TYPE=work:;;200 Jefferson Dr;Menlo Park;CA;94025;United States',
  'END:VCARD',
].join('\r\n');
const byId = { link: ['id'] };
const cases: Readonly<Record<string, Promised>> = {
  'a text': { example: 'Send Text Message', call: send(text('hello')) },
  'a text with a link': { example: 'Send Text Message', call: send(text('see https://agency.example/forms')) },
  'a reply': { example: 'Send Reply to Text Message', call: send(text('yes', { replyTo: theirs })) },
  'an image': { example: 'Send Image Message by ID', call: send(file('image', 'image/png')) },
  'an image in reply': {
    example: 'Send Reply to Image Message by ID',
    call: send({ ...file('image', 'image/png'), replyTo: theirs }),
  },
  'an audio file': { example: 'Send Audio Message by ID', call: send(file('audio', 'audio/mpeg')) },
  'a sticker': { example: 'Send Sticker Message by ID', call: send(file('sticker', 'image/webp')) },
  'a voice message': {
    example: 'Send Audio Message by ID',
    call: send(file('voice', 'audio/ogg')),
    instead: { id: ['id', 'voice'] },
  },
  'a video with a caption': {
    example: 'Send Video Message by URL',
    call: send(file('video', 'video/mp4', captioned)),
    instead: byId,
  },
  'a document with a caption': {
    example: 'Send Document Message by URL',
    call: send(file('document', 'application/pdf', captioned)),
    instead: { link: ['id', 'filename'] },
  },
  'a document in reply': {
    example: 'Send Reply to Document Message by URL',
    call: send({ ...file('document', 'application/pdf', captioned), replyTo: theirs }),
    instead: { link: ['id', 'filename'] },
  },
  'a place': {
    example: 'Send Location Message',
    call: send({
      chat,
      sendKey,
      content: { type: 'location', latitude: 37.75, longitude: -122.4, name: 'Meta', address: '1 Hacker Way' },
    }),
  },
  'a contact': {
    example: 'Send Contact Message',
    call: send({ ...file('document', 'text/vcard'), prepared: preparedContacts(contactsIn(johnSmith) ?? []) }),
    // Meta does not ask for either.
    instead: { country_code: [], messaging_product: ['messaging_product', 'recipient_type'] },
  },
  'a question with few answers': {
    example: 'Send Reply Button',
    call: send({ chat, sendKey, content: { type: 'poll', question: 'When?', answers: ['Monday', 'Friday'] } }),
  },
  'a reaction': { example: 'Send Reply with Reaction Message', call: react('👍') },
  'a reaction taken back': { example: 'Send Reply with Reaction Message', call: react(null) },
  'a typing mark': {
    example: 'Send typing indicator and read receipt',
    call: () => open.session.typing(chat, theirs, never),
  },
  'a read mark': {
    example: 'Send typing indicator and read receipt',
    call: () => open.session.markRead(chat, theirs, never),
    instead: { typing_indicator: [] },
  },
};

/** Every member with its place, such as `text.body`. */
function membersOf(value: object, instead: Readonly<Record<string, readonly string[]>> = {}, place = ''): string[] {
  return Object.entries(value).flatMap(([name, each]: [string, unknown]) =>
    (instead[name] ?? [name]).flatMap((known) => {
      const here = `${place}${known}`;
      return typeof each === 'object' && each !== null ? [here, ...membersOf(each, instead, `${here}.`)] : [here];
    }),
  );
}

promised.each(Object.entries(cases))('%s has the members of its published example', async (_what, promise) => {
  await promise.call();
  const example = examples[promise.example]?.value ?? {};
  const members = membersOf(graph.lastBody as object).filter((name) => name !== 'biz_opaque_callback_data');
  expect(members.sort()).toEqual(membersOf(example, promise.instead).sort());
  expect(graph.asked.at(-1)).toMatchObject({ method: 'POST', path: '/v23.0/106540352242922/messages' });
});

test('what is sent says what was meant', async () => {
  const bodyOf = async (call: () => Promise<unknown>): Promise<unknown> => {
    await call();
    return graph.lastBody;
  };
  const frame = { messaging_product: 'whatsapp', recipient_type: 'individual', to: ada };
  expect(await bodyOf(send(text('hello', { replyTo: theirs })))).toEqual({
    ...frame,
    type: 'text',
    text: { body: 'hello', preview_url: false },
    context: { message_id: theirs },
    biz_opaque_callback_data: sendKey,
  });
  expect(await bodyOf(send(text('https://agency.example')))).toMatchObject({ text: { preview_url: true } });
  expect(await bodyOf(react(null))).toMatchObject({ type: 'reaction', reaction: { message_id: theirs, emoji: '' } });
  expect(await bodyOf(send(file('voice', 'audio/ogg')))).toMatchObject({ type: 'audio', audio: { voice: true } });
  expect(await bodyOf(send(file('document', 'x/y', captioned)))).toMatchObject({
    document: { id: '1003383421387256', caption: 'the hole', filename: 'hole' },
  });
});

test('who has no number is written to by their user id', async () => {
  const hidden = openSession(graph.url);
  const contact = await hidden.wrote({ userId: 'US.13491208655302741918' });
  await hidden.session.send(text('hello', { chat: asId(String(contact)) }), never);
  expect(graph.lastBody).toMatchObject({ recipient: 'US.13491208655302741918' });
  expect(graph.lastBody).not.toHaveProperty('to');
  await hidden.runtime.close();
});

test('words that would grow over the limit by their marks go without marks', async () => {
  const words = 'word '.repeat(819);
  const ranges = Array.from({ length: 800 }, (_, index) => ({ start: index * 5, length: 4, style: 'bold' as const }));
  await open.session.send(text('', { content: { type: 'text', text: { text: words, ranges } } }), never);
  expect(graph.lastBody).toMatchObject({ text: { body: words } });
});

test('a name that is too long for WhatsApp keeps its ending, and a file without a name has one', async () => {
  await open.session.send(file('document', 'application/pdf', { fileName: `${'n'.repeat(300)}.pdf` }), never);
  expect(graph.lastBody).toMatchObject({ document: { filename: `${'n'.repeat(236)}.pdf` } });
  await open.session.send(file('document', 'application/pdf', { fileName: '' }), never);
  expect(graph.lastBody).toMatchObject({ document: { filename: 'document' } });
});
