/**
 * What the contents of messages look like on Matrix (client-server API, "Instant messaging"; captions by its 1.10).
 * Words are never lost to a limit: where the styled form would not fit into an event, the plain one goes alone.
 */
import type { LocationContent, MediaContent, MediaKind } from '../model/content.ts';
import type { ContentUri, EventId } from '../model/ids.ts';
import { plainText, type RichText } from '../model/rich-text.ts';
import type { JsonObject } from './json-object.ts';
import { locationMembers, locationWords } from './location.ts';
import { renderHtml } from './render-html.ts';

/** What `Homeserver.sendEvent` takes. */
export interface RenderedEvent {
  readonly type: string;
  readonly content: JsonObject;
}

/** What may be said of any message. */
export interface MessageContext {
  readonly replyTo?: EventId | undefined;
  readonly forwarded?: 'once' | 'often' | undefined;
}

/** A file that has its address on the homeserver. */
export interface MatrixFile {
  readonly uri: ContentUri;
  readonly sizeBytes: number;
}

/**
 * UTF-16 code units of a text that fit into an event of 64 KiB however they are encoded; cut longer ones with
 * `splitText`.
 */
export const maxTextLength = 5_000;
/** As JSON, where a control character takes six; leaves room for the plain form beside it. */
const maxHtmlBytes = 24_000;

const messageTypes: Readonly<Record<Exclude<MediaKind, 'sticker'>, string>> = {
  image: 'm.image',
  video: 'm.video',
  audio: 'm.audio',
  voice: 'm.audio',
  document: 'm.file',
};

export interface RenderedText {
  readonly body: string;
  readonly format?: 'org.matrix.custom.html';
  readonly formatted_body?: string;
}

export function renderRichText(rich: RichText): RenderedText {
  if (rich.ranges.length === 0) return { body: rich.text };
  const html = renderHtml(rich);
  if (Buffer.byteLength(JSON.stringify(html)) > maxHtmlBytes) return { body: rich.text };
  return { body: rich.text, format: 'org.matrix.custom.html', formatted_body: html };
}

export function renderText(text: RichText, context: MessageContext = {}): RenderedEvent {
  const words = renderRichText(asForwarded(text, context));
  return { type: 'm.room.message', content: { msgtype: 'm.text', ...words, ...relation(context) } };
}

/** Said by the bridge or by a machine; other bots do not answer it. */
export function renderNotice(text: string, context: MessageContext = {}): RenderedEvent {
  const words = renderRichText(asForwarded(plainText(text), context));
  return { type: 'm.room.message', content: { msgtype: 'm.notice', ...words, ...relation(context) } };
}

/** With a caption, `body` is the caption and `filename` the name; without, `body` is the name. */
export function renderMedia(media: MediaContent<MatrixFile>, context: MessageContext = {}): RenderedEvent {
  const { kind, file, mimeType, width, height, fileName = nameFor(kind, mimeType) } = media;
  const info = {
    mimetype: mimeType,
    size: file.sizeBytes,
    ...(width === undefined ? {} : { w: width }),
    ...(height === undefined ? {} : { h: height }),
  };
  const caption = asForwarded(media.caption ?? plainText(''), context);
  const words = caption.text === '' ? { body: fileName } : renderRichText(caption);
  const shared = { ...words, url: file.uri, info, ...relation(context) };
  if (kind === 'sticker') return { type: 'm.sticker', content: shared };
  return {
    type: 'm.room.message',
    content: {
      msgtype: messageTypes[kind],
      filename: fileName,
      ...shared,
      // MSC3245; clients show a voice message only where MSC1767's member is there as well.
      ...(kind === 'voice' ? { 'org.matrix.msc3245.voice': {}, 'org.matrix.msc1767.audio': {} } : {}),
    },
  };
}

export function renderLocation(location: LocationContent, context: MessageContext = {}): RenderedEvent {
  const words = renderRichText(asForwarded(plainText(locationWords(location)), context));
  return { type: 'm.room.message', content: { ...locationMembers(location), ...words, ...relation(context) } };
}

/** Client-server API, "Event annotations and reactions". */
export function renderReaction(target: EventId, emoji: string): RenderedEvent {
  return {
    type: 'm.reaction',
    content: { 'm.relates_to': { rel_type: 'm.annotation', event_id: target, key: emoji } },
  };
}

/** Rich replies of the specification's 1.13 on: no fallback in the text. */
const relation = ({ replyTo }: MessageContext): JsonObject =>
  replyTo === undefined ? {} : { 'm.relates_to': { 'm.in_reply_to': { event_id: replyTo } } };

const forwardedMarks = { once: 'Forwarded', often: 'Forwarded many times' } as const;

/** Where it was, a line of its own says so, in italics, before the words. */
function asForwarded(rich: RichText, { forwarded }: MessageContext): RichText {
  if (forwarded === undefined) return rich;
  const mark = forwardedMarks[forwarded];
  const head = rich.text === '' ? mark : `${mark}\n`;
  return {
    text: head + rich.text,
    ranges: [
      { start: 0, length: mark.length, style: 'italic' },
      ...rich.ranges.map(({ start, length, style }) => ({ start: start + head.length, length, style })),
    ],
  };
}

function nameFor(kind: MediaKind, mimeType: string): string {
  const subtype = /^[a-z]+\/([a-z0-9]{1,10})(?:;|$)/.exec(mimeType)?.[1];
  return subtype === undefined ? kind : `${kind}.${subtype}`;
}
