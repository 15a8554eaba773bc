/** The content of an `m.room.message` or `m.sticker` in neutral words. Client-server API, "Instant messaging". */
import type { LocationContent, MediaKind, PollContent, TemplateContent } from '../model/content.ts';
import type { ContentUri } from '../model/ids.ts';
import { plainText, type RichText } from '../model/rich-text.ts';
import { readContentUri } from './content-uri.ts';
import { type JsonObject, member, objectMember, stringMember } from './json-object.ts';
import { readLocation } from './location.ts';
import { readHtml } from './read-html.ts';

export interface TextMessage {
  readonly kind: 'text';
  readonly text: RichText;
  /** Said by a bot: an answer to it could go round in circles. */
  readonly notice: boolean;
}

/** A file that lies on the homeserver. Everything but its address is what the sender claims. */
export interface MediaMessage {
  readonly kind: 'media';
  readonly media: MediaKind;
  readonly uri: ContentUri;
  readonly mimeType: string;
  readonly sizeBytes?: number;
  readonly fileName: string;
  readonly caption?: RichText;
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
}

/** Something that is neither words nor a file, and can be put in neutral words whole. */
export interface ThingMessage {
  readonly kind: 'thing';
  readonly thing: LocationContent | PollContent | TemplateContent;
}

export interface UnsupportedMessage {
  readonly kind: 'unsupported';
  /** What it was, in plain words with an article: `a poll`. */
  readonly what: string;
}

export type MatrixMessage = TextMessage | MediaMessage | ThingMessage | UnsupportedMessage;

const mediaKinds: ReadonlyMap<string, MediaKind> = new Map([
  ['m.image', 'image'],
  ['m.video', 'video'],
  ['m.audio', 'audio'],
  ['m.file', 'document'],
  ['m.sticker', 'sticker'],
]);

/** `isReply`: a legacy reply repeats what it replies to, and that is taken off. */
export function readMessage(type: string, content: JsonObject, isReply: boolean): MatrixMessage {
  const messageType = type === 'm.sticker' ? type : stringMember(content, 'msgtype');
  const media = mediaKinds.get(messageType ?? '');
  if (media !== undefined) return readMedia(media, content, isReply);
  if (messageType === 'm.location') {
    const thing = readLocation(content);
    return thing === undefined
      ? { kind: 'unsupported', what: 'a location without coordinates' }
      : { kind: 'thing', thing };
  }
  if (typeof content['body'] !== 'string') return { kind: 'unsupported', what: 'a message without text' };
  const text = readWords(content, isReply);
  if (messageType === 'm.emote') return { kind: 'text', text: inItalics(text), notice: false };
  // An unknown type is shown by its body, as the specification asks of clients.
  return { kind: 'text', text, notice: messageType === 'm.notice' };
}

function readMedia(kind: MediaKind, content: JsonObject, isReply: boolean): MatrixMessage {
  if (objectMember(content, 'file') !== undefined) return { kind: 'unsupported', what: 'an encrypted file' };
  const uri = readContentUri(content['url']);
  if (uri === undefined) return { kind: 'unsupported', what: 'a file without an address' };
  const info = objectMember(content, 'info');
  const body = stringMember(content, 'body') ?? '';
  const fileName = stringMember(content, 'filename') ?? body;
  const hasCaption = kind !== 'sticker' && fileName !== body && body !== '';
  const isVoice = kind === 'audio' && Object.hasOwn(content, 'org.matrix.msc3245.voice');
  return {
    kind: 'media',
    media: isVoice ? 'voice' : kind,
    uri,
    mimeType: stringMember(info, 'mimetype') ?? 'application/octet-stream',
    fileName: fileName === '' ? kind : fileName,
    ...sized('sizeBytes', member(info, 'size')),
    ...sized('width', member(info, 'w')),
    ...sized('height', member(info, 'h')),
    ...(hasCaption ? { caption: readWords(content, isReply) } : {}),
  };
}

function sized<Name extends string>(name: Name, value: unknown): Partial<Record<Name, number>> {
  const size: Partial<Record<Name, number>> = {};
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) size[name] = value;
  return size;
}

/** The styled form where there is one that can be read. */
function readWords(content: JsonObject, isReply: boolean): RichText {
  const html = stringMember(content, 'formatted_body');
  if (content['format'] === 'org.matrix.custom.html' && html !== undefined && html !== '') {
    const rich = readHtml(html);
    if (rich !== undefined && rich.text !== '') return rich;
  }
  const body = stringMember(content, 'body') ?? '';
  return plainText(isReply ? withoutFallback(body) : body);
}

/** Specification before 1.13, "Fallbacks for rich replies": quoted lines, the first of which names the user. */
function withoutFallback(body: string): string {
  if (!/^> (?:\* )?<@/.test(body)) return body;
  const lines = body.split('\n');
  const first = lines.findIndex((line) => !line.startsWith('> '));
  if (first === -1) return body;
  return lines.slice(lines[first] === '' ? first + 1 : first).join('\n');
}

const inItalics = ({ text, ranges }: RichText): RichText => ({
  text,
  ranges: [{ start: 0, length: text.length, style: 'italic' }, ...ranges],
});
