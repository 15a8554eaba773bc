/** What a Matrix user sees of webhooks, in lines, made from what is really sent to the homeserver. */
import {
  type MessageContext,
  renderLocation,
  renderMedia,
  renderNotice,
  renderReaction,
  renderText,
} from '../../../../src/matrix/render.ts';
import { asId, type ContentUri, type EventId } from '../../../../src/model/ids.ts';
import type { InboundContent } from '../../../../src/model/content.ts';
import { plainText } from '../../../../src/model/rich-text.ts';
import type { ContactSketch, RemoteEvent } from '../../../../src/model/remote-event.ts';
import { decodeChange } from '../../../../src/networks/whatsapp/decode.ts';
import { changeShape } from '../../../../src/networks/whatsapp/envelope.ts';
import { MemoryState } from './memory-state.ts';
import { change } from './payloads.ts';

const target = asId<EventId>('$target');
const file = { uri: asId<ContentUri>('mxc://agency.example/file'), sizeBytes: 1 };

export function lineOf(event: RemoteEvent): string {
  switch (event.kind) {
    case 'message': {
      const replyTo = event.replyTo === undefined ? undefined : target;
      return `${event.from.displayName ?? '?'}: ${saying(event.content, { replyTo, forwarded: event.forwarded })}`;
    }
    case 'history-batch':
      return event.messages.map(lineOf).join('\n');
    case 'reaction': {
      const relation = renderReaction(target, event.emoji).content['m.relates_to'] as { key: string };
      return `${event.from.displayName ?? '?'}: reaction ${relation.key}`;
    }
    case 'reaction-removed':
      return `${event.from.displayName ?? '?'}: reaction taken back`;
    case 'chat-info':
      return `the chat is called ${event.chatName}`;
    case 'membership':
      return [...event.joined.map(nameIn('in')), ...event.left.map(nameIn('out'))].join(', ');
    case 'read-receipt':
      return 'read';
    case 'delivery-receipt':
      return event.reason === undefined ? event.state : `${event.state}: ${event.reason}`;
  }
}

const nameIn =
  (where: string) =>
  ({ displayName }: ContactSketch): string =>
    `${where}: ${displayName ?? '?'}`;

function saying(content: InboundContent, context: MessageContext): string {
  const { type, content: sent } = rendered(content, context);
  const kind = type === 'm.sticker' ? 'sticker' : String(sent['msgtype']).replace(/^m\./, '');
  const voice = 'org.matrix.msc3245.voice' in sent ? 'voice ' : '';
  const name = typeof sent['filename'] === 'string' ? ` ${sent['filename']}` : '';
  const words = sent['formatted_body'] ?? sent['body'];
  const isName = type === 'm.sticker' || words === sent['filename'];
  const reply = 'm.relates_to' in sent ? ' in reply' : '';
  return `${voice}${kind}${name}${reply}${isName ? '' : ` "${String(words)}"`}`;
}

function rendered(content: InboundContent, context: MessageContext) {
  switch (content.type) {
    case 'text':
      return renderText(content.text, context);
    case 'notice':
      return renderNotice(content.text, context);
    case 'media':
      return renderMedia({ ...content, file }, context);
    case 'location':
      return renderLocation(content, context);
    case 'choice':
      return renderText(plainText(content.text), context);
  }
}

export interface Seen {
  readonly lines: readonly string[];
  readonly events: readonly RemoteEvent[];
  /** Why something was set aside. */
  readonly unreadable: readonly string[];
}

/** What is seen of these values of changes, one after the other, without a database. */
export async function seen(
  values: readonly object[],
  { state = new MemoryState(), now = Date.UTC(2025, 5, 9) }: { state?: MemoryState; now?: number } = {},
): Promise<Seen> {
  const unreadable: string[] = [];
  const events: RemoteEvent[] = [];
  const decoding = {
    state,
    now,
    historyWaitMs: 1_000,
    unreadable: (reason: string) => void unreadable.push(reason),
  };
  for (const value of values) events.push(...(await decodeChange(changeShape.parse(change(value)), decoding)));
  return { lines: events.map(lineOf), events, unreadable };
}
