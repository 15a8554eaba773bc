/** What another reader of WhatsApp's webhooks, which nobody here wrote, finds in them is what the bridge finds. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { normalizeWebhook } from '@kapso/whatsapp-cloud-api/server';
import type { InboundContent } from '../../../../src/model/content.ts';
import { type RemoteEvent, stateToldBy, isReceipt } from '../../../../src/model/remote-event.ts';
import { envelope, change, message, sheena, status, textMessage } from './payloads.ts';
import { seen } from './seen-in-room.ts';

/** What both can tell of a message. */
interface Facts {
  /** Not of reactions: nothing refers to them. */
  readonly id?: string;
  readonly at: number;
  readonly from: string;
  readonly words?: string;
  readonly replyTo?: string;
  readonly reaction?: string;
  readonly file?: string;
  readonly place?: string;
}

const context = { from: '15550783881', id: 'wamid.earlier' };
const media = { id: '990011', mime_type: 'image/jpeg', sha256: 'SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=' };

const bodies: readonly (readonly [string, object])[] = [
  ['text', textMessage('Grüße, 你好, שלום 👩‍👩‍👧')],
  ['reply', textMessage('yes', { context })],
  ['image', message('image', { image: { ...media, caption: 'Taj Mahal' } })],
  ['video', message('video', { video: { ...media, mime_type: 'video/mp4' } })],
  ['voice message', message('audio', { audio: { ...media, mime_type: 'audio/ogg; codecs=opus', voice: true } })],
  ['document', message('document', { document: { ...media, mime_type: 'application/pdf', filename: 'Antrag.pdf' } })],
  ['sticker', message('sticker', { sticker: { ...media, mime_type: 'image/webp' } })],
  ['location', message('location', { location: { latitude: 52.5, longitude: 13.4, name: 'Rathaus' } })],
  ['reaction', message('reaction', { reaction: { message_id: 'wamid.earlier', emoji: '👍' } })],
  ['answer of a template button', message('button', { button: { text: 'Yes', payload: 'yes' }, context })],
  [
    'answer of a list',
    message('interactive', { interactive: { type: 'list_reply', list_reply: { id: '1', title: 'Monday' } }, context }),
  ],
];

test.each(bodies)('%s: the same message, author, time, words and file', async (_, body) => {
  const value = { contacts: [sheena], messages: [body] };
  expect(await oursOf(value)).toEqual(theirsOf(envelope(change(value))));
});

test.each(['sent', 'delivered', 'read', 'failed'])(
  'status %s: of the same message, for the same person',
  async (name) => {
    const value = { statuses: [status(name)] };
    const { statuses } = normalizeWebhook(envelope(change(value)));
    const { events } = await seen([{ contacts: [sheena], messages: [textMessage('known')] }, value]);
    const told = events.filter(isReceipt).map((event) => ({
      id: String(event.message),
      status: stateToldBy(event),
      recipientId: String(event.chat),
    }));
    expect(told).toEqual(statuses.map(({ id, status: state, recipientId }) => ({ id, status: state, recipientId })));
  },
);

const path = fileURLToPath(new URL('../../../../../shared/fixtures/whatsapp-cloud/webhooks.json', import.meta.url));
const present = existsSync(path);
if (!present)
  console.warn('The published examples (../shared/fixtures beside the repository) are absent: tests skipped');
const published = present ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, { value: Published }>) : {};

interface Published {
  readonly entry: readonly { readonly changes: readonly { readonly field: string; readonly value: object }[] }[];
}

(present ? test : test.skip).each(present ? Object.keys(published) : ['of every kind'])(
  'the published webhook "%s": the same messages',
  async (name) => {
    const body = published[name]?.value;
    const values = body?.entry.flatMap(({ changes }) => changes.filter(({ field }) => field === 'messages')) ?? [];
    const found = await Promise.all(values.map(({ value }) => oursOf(value)));
    const who = ({ at, from }: Facts): object => ({ at, from });
    expect(found.flat().map(who)).toEqual(theirsOf(body).map(who));
  },
);

/** Times in the future are not believed. */
const later = Date.UTC(2026, 0, 1);

const oursOf = async (value: object): Promise<Facts[]> => (await seen([value], { now: later })).events.map(ours);

function ours(event: RemoteEvent): Facts {
  if (event.kind === 'reaction')
    return { at: event.at, from: event.from.id, reaction: `${event.emoji} at ${event.target}` };
  if (event.kind !== 'message') throw new Error(`a ${event.kind} was not expected`);
  const { content, replyTo } = event;
  return {
    id: event.message,
    at: event.at,
    from: event.from.id,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...oursIn(content),
  };
}

function oursIn(content: InboundContent): Partial<Facts> {
  switch (content.type) {
    case 'text':
      return { words: content.text.text };
    case 'choice':
      return { words: content.text };
    case 'location':
      return { place: `${content.latitude} ${content.longitude}` };
    case 'media':
      return {
        file: `${bare(content.mimeType)} ${content.file.sha256 ?? ''}`,
        ...(content.caption === undefined ? {} : { words: content.caption.text }),
      };
    case 'notice':
      return {};
  }
}

type Theirs = ReturnType<typeof normalizeWebhook>['messages'][number];

const theirsOf = (body: unknown): Facts[] => normalizeWebhook(body).messages.map(theirs);

function theirs(message: Theirs): Facts {
  const at = Number(message.timestamp) * 1_000;
  const from = String(message.from);
  if (message.reaction !== undefined)
    return { at, from, reaction: `${String(message.reaction.emoji)} at ${String(message.reaction.messageId)}` };
  const file = message.image ?? message.video ?? message.audio ?? message.document ?? message.sticker;
  const words =
    message.text?.body ??
    memberOf(file, 'caption') ??
    memberOf(message['button'], 'text') ??
    memberOf(message.interactive?.['listReply'], 'title');
  return {
    id: message.id,
    at,
    from,
    ...(message.context?.id === undefined ? {} : { replyTo: message.context.id }),
    ...(file === undefined
      ? {}
      : { file: `${bare(memberOf(file, 'mimeType') ?? '')} ${hexOf(memberOf(file, 'sha256'))}` }),
    ...(words === undefined ? {} : { words }),
    ...(message.location === undefined
      ? {}
      : { place: `${String(message.location.latitude)} ${String(message.location.longitude)}` }),
  };
}

const memberOf = (value: unknown, key: string): string | undefined => {
  const member: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof member === 'string' ? member : undefined;
};
const bare = (mimeType: string): string => mimeType.split(';')[0] ?? '';
const hexOf = (base64 = ''): string => Buffer.from(base64, 'base64').toString('hex');
