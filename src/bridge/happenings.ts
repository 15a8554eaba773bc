/** What a network or a homeserver told, as the record says it. */
import { readEvent } from '../matrix/read-event.ts';
import type { RoomEvent } from '../matrix/room-event.ts';
import type { Happening, HappeningKind, Person } from '../model/happening.ts';
import {
  type ContactSketch,
  type MessageEvent,
  type ReactionEvent,
  type ReactionRemovedEvent,
  type RemoteEvent,
  stateToldBy,
} from '../model/remote-event.ts';
import type { Portal } from '../store/portals.ts';
import { asKnown } from './people.ts';

export const personOf = ({ id, displayName }: ContactSketch): Person => ({
  id,
  ...(displayName === undefined ? {} : { name: displayName }),
});

/** One for each thing that was told: a piece of history tells many. */
export function happeningsOf(event: RemoteEvent, chat: Portal): readonly Happening[] {
  if (event.kind === 'history-batch') return event.messages.flatMap((message) => happeningsOf(message, chat));
  const shared = { chat, at: event.at, direction: 'in' } as const;
  switch (event.kind) {
    case 'message': {
      const { content, forwarded, message: remote, replyTo } = event;
      const told = forwarded === undefined ? { content } : { content: { ...content, forwarded } };
      const relates = replyTo === undefined ? {} : { relates: { replyTo } };
      return [{ ...shared, kind: 'message', author: authorOf(event, chat), ...told, remote, ...relates }];
    }
    case 'reaction':
    case 'reaction-removed': {
      const content = event.kind === 'reaction' ? { content: { emoji: event.emoji } } : {};
      return [
        { ...shared, kind: event.kind, author: authorOf(event, chat), ...content, relates: { target: event.target } },
      ];
    }
    case 'delivery-receipt':
    case 'read-receipt': {
      const reason = event.kind === 'delivery-receipt' && event.reason !== undefined ? { reason: event.reason } : {};
      return [{ ...shared, kind: 'receipt', state: stateToldBy(event), relates: { target: event.message }, ...reason }];
    }
    case 'chat-info':
      return [{ ...shared, kind: 'chat-info', content: { name: event.chatName } }];
    case 'membership':
      return [
        {
          ...shared,
          kind: 'membership',
          content: { joined: event.joined.map(personOf), left: event.left.map(personOf) },
        },
      ];
  }
}

function authorOf(event: MessageEvent | ReactionEvent | ReactionRemovedEvent, chat: Portal): Person {
  return event.own === true ? { id: chat.accountId } : asKnown(chat, personOf(event.from));
}

/** See docs/records.md. */
const contentGone =
  'It was deleted before its content came here, and the homeserver does not give that (experimental_features.msc2815_enabled).';

/** The content stands there as the homeserver handed it over. */
export function happeningOf(event: RoomEvent, chat: Portal): Happening {
  const { type, content, state_key: stateKey, event_id: id, origin_server_ts: at } = event;
  const action = readEvent(event);
  const shared = { chat, at, direction: 'out', event: id, author: asKnown(chat, { user: event.sender }) } as const;
  const whole = { type, ...(stateKey === undefined ? {} : { stateKey }), content };
  switch (action.kind) {
    case 'redaction':
      return { ...shared, kind: 'deletion', content: whole, relates: { target: action.target } };
    case 'reaction':
      return { ...shared, kind: 'reaction', content: whole, relates: { target: action.target } };
    case 'edit':
      return { ...shared, kind: 'edit', content: whole, relates: { target: action.target } };
    case 'membership':
      return { ...shared, kind: 'membership', content: whole };
    case 'ignored':
      if (action.why === 'redacted') return { ...shared, kind: 'gap', content: whole, reason: contentGone };
      return { ...shared, kind: kindOfIgnored[action.why], content: whole };
    default: {
      const { replyTo } = action;
      return { ...shared, kind: 'message', content: whole, ...(replyTo === undefined ? {} : { relates: { replyTo } }) };
    }
  }
}

const kindOfIgnored: Readonly<Record<'state' | 'signalling' | 'malformed', HappeningKind>> = {
  state: 'state',
  signalling: 'event',
  malformed: 'event',
};
