/** The decoders of both ways, without their listeners: what a body of one side becomes for the other. */
import { isReadable, readRoomEvent } from '../../../src/matrix/room-event.ts';
import { type MatrixAction, readEvent } from '../../../src/matrix/read-event.ts';
import type { MatrixMessage } from '../../../src/matrix/read-message.ts';
import { path } from '../../../src/matrix/url-path.ts';
import { parseJson } from '../../../src/base/json.ts';
import { ChanceryError } from '../../../src/base/errors.ts';
import type { InboundContent, TextContent } from '../../../src/model/content.ts';
import { plainText } from '../../../src/model/rich-text.ts';
import type { RemoteEvent } from '../../../src/model/remote-event.ts';
import { asId, type ChatId, type ContentUri, type SendKey } from '../../../src/model/ids.ts';
import { decodeChange } from '../../../src/networks/whatsapp/decode.ts';
import { changeShape } from '../../../src/networks/whatsapp/envelope.ts';
import { messageBody } from '../../../src/networks/whatsapp/send-body.ts';
import {
  type RenderedEvent,
  renderLocation,
  renderMedia,
  renderNotice,
  renderText,
} from '../../../src/matrix/render.ts';
import { readContentUri } from '../../../src/matrix/content-uri.ts';
import { MemoryState } from '../../unit/networks/whatsapp/memory-state.ts';
import { roomEvent } from '../corpus/room-events.ts';
import { webhook } from '../corpus/webhooks.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateJson } from '../mutate/json.ts';
import { judgeAsMarks, judgeInRoom, judgeRichText } from '../styled-text.ts';
import { promise } from '../target.ts';
import { parserTarget } from './parser-stand.ts';

const now = Date.UTC(2026, 5, 9);
const maxEventBytes = 60_000;

export const webhookDecoder = parserTarget<string>({
  name: 'webhook-decoder',
  make: (dice, index) => mutateJson(dice, changesOf(webhook(dice, index))),
  async read(body) {
    const changes = bounded(body);
    const state = new MemoryState();
    for (const raw of Array.isArray(changes) ? (changes as unknown[]) : [changes]) {
      const { data } = changeShape.safeParse(raw);
      const events =
        data === undefined
          ? []
          : await decodeChange(data, {
              state,
              now,
              historyWaitMs: 1,
              unreadable: (_reason, item) => JSON.stringify(item),
            });
      for (const event of events) judgeRemoteEvent(event);
    }
  },
  ordinary: '[]',
});

const changesOf = (body: object): unknown[] =>
  (body as { entry: { changes: unknown[] }[] }).entry.flatMap(({ changes }) => changes);

/** As the listener reads it: what nests too deeply never gets here. */
function bounded(body: string): unknown {
  try {
    return parseJson(Buffer.from(body));
  } catch {
    return undefined;
  }
}

/** Undefined when the mutation made it no JSON. */
function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

function judgeRemoteEvent(event: RemoteEvent): void {
  const people = 'from' in event ? [event.from.id, event.from.displayName ?? ''] : [];
  for (const text of [event.id, event.chat, ...people]) promise(isStorable(text), 'an id or a name cannot be stored');
  const [, name = ''] = people;
  promise(name.length <= 100 && !/\p{Cc}/u.test(name), `a name that no homeserver takes: ${name}`);
  promise(Number.isSafeInteger(event.at), `a time is none: ${event.at}`);
  if (event.kind !== 'message') return;
  const { content } = event;
  if (content.type === 'text') {
    promise(isStorable(content.text.text), 'a text cannot be stored');
    judgeRichText(content.text);
    judgeInRoom(content.text);
    return;
  }
  const rendered = renderedOf(content);
  const json = JSON.stringify(rendered.content);
  promise(
    Buffer.byteLength(json) <= maxEventBytes && !json.includes(String.raw`\u0000`),
    'it does not fit into an event',
  );
  if (content.type === 'media') {
    promise(/^[\w.+-]+\/[\w.+-]+$/.test(content.mimeType), `the type is none: ${content.mimeType}`);
    if (content.caption !== undefined) judgeRichText(content.caption);
  }
}

const file = { uri: asId<ContentUri>('mxc://a/b'), sizeBytes: 1 } as const;

function renderedOf(content: Exclude<InboundContent, TextContent>): RenderedEvent {
  switch (content.type) {
    case 'notice':
      return renderNotice(content.text);
    case 'choice':
      return renderText(plainText(content.text));
    case 'location':
      return renderLocation(content, { forwarded: 'often' });
    case 'media':
      return renderMedia({ ...content, file }, { forwarded: 'often' });
  }
}

/** By the database and by every homeserver. */
const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

export const roomEventDecoder = parserTarget<string>({
  name: 'room-event',
  make: (dice, index) => mutateJson(dice, roomEvent(dice, String(index))),
  read(body) {
    const raw = jsonOf(body);
    if (raw === undefined) return;
    const event = readRoomEvent(raw);
    if (!isReadable(event)) {
      promise(typeof event.reason === 'string' && typeof event.raw === 'string', 'nothing to set aside');
      JSON.parse(event.raw);
      return;
    }
    const { event_id, room_id, sender, state_key } = event;
    for (const id of [event_id, room_id, sender, ...(state_key ? [state_key] : [])]) {
      promise(id.isWellFormed(), 'an id is let in that cannot be stored');
      promise(isNameable(id), 'an id is let in that no path can name');
    }
    JSON.stringify(event);
    judgeAction(readEvent(event));
  },
  ordinary:
    '{"event_id":"$a","room_id":"!a","sender":"@a","type":"m.room.message","origin_server_ts":1,"content":{"body":"x"}}',
});

/** In a path of the homeserver; what would climb out of its place is refused there. */
const isNameable = (id: string): boolean => /^\.{0,2}$/.test(id) || path`/${id}`.text.length > 1;

function judgeAction(action: MatrixAction): void {
  if (action.kind === 'text' || action.kind === 'media') judgeMessage(action);
  if (action.kind === 'edit') judgeMessage(action.replacement);
  const target = 'target' in action ? action.target : 'replyTo' in action ? action.replyTo : undefined;
  promise(target === undefined || isNameable(target), 'a target is let in that no path can name');
}

function judgeMessage(message: MatrixMessage): void {
  if (message.kind === 'text') {
    judgeRichText(message.text);
    judgeAsMarks(message.text);
    const outgoing = {
      chat: asId<ChatId>('1'),
      sendKey: asId<SendKey>('k'),
      content: { type: 'text', text: message.text },
    } as const;
    JSON.stringify(messageBody(outgoing, { phone: '1' }));
  }
  if (message.kind !== 'media') return;
  promise(readContentUri(message.uri) === message.uri, 'the address is no content URI');
  for (const size of [message.sizeBytes, message.width, message.height])
    promise(size === undefined || (Number.isSafeInteger(size) && size >= 0), `a size is none: ${String(size)}`);
  if (message.caption !== undefined) judgeAsMarks(message.caption);
}

export const json = parserTarget<Buffer>({
  name: 'json',
  make(dice, index) {
    const value = dice.chance(50) ? webhook(dice, index) : roomEvent(dice, String(index));
    const text = Buffer.from(mutateJson(dice, value));
    return dice.chance(50) ? mutateBytes(dice, text, text) : text;
  },
  read(body) {
    try {
      const value = parseJson(body);
      promise(
        JSON.stringify(value) === JSON.stringify(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))),
        'it was read differently',
      );
    } catch (thrown) {
      if (!(thrown instanceof ChanceryError)) throw thrown;
      promise(thrown.code === 'CH-HTTP-BAD-BODY', `it was refused as ${thrown.code}`);
    }
  },
  ordinary: Buffer.from('{}'),
});
