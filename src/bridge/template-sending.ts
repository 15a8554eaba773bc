/**
 * Templates, sent from a portal by a command: the bot says in the room what the contact will read, and that event goes the
 * way of every message, with the official who asked as its author.
 */
import { z } from 'zod';
import { ChanceryError } from '../base/errors.ts';
import { transactionIdOf } from '../matrix/identifiers.ts';
import { renderText } from '../matrix/render.ts';
import type { RoomEvent } from '../matrix/room-event.ts';
import type { TemplateContent } from '../model/content.ts';
import { asId, type AccountId, type EventId, type LaneKey, type RoomId, type UserId } from '../model/ids.ts';
import { plainText } from '../model/rich-text.ts';
import type { Session, TemplateSketch, Templates } from '../networks/contract.ts';
import { outboundLane, type Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';
import { portalIn } from './portal-in.ts';
import { journalRoomEvent } from './recording.ts';

/** Where and by whom a command was written. */
export interface Place {
  readonly room: RoomId;
  readonly event: EventId;
}

/** Only the journal has events of this type: nobody's event in a room is taken for one. */
export const templateType = 'org.chancery.template';

const templateShape = z.object({
  name: z.string(),
  language: z.string(),
  parameters: z.array(z.string()),
});

/** What the journal holds of a template that is to be sent. */
export function templateIn({ type, content }: RoomEvent): TemplateContent | undefined {
  const data = type === templateType ? templateShape.safeParse(content).data : undefined;
  return data && { type: 'template', ...data };
}

const withinMs = 30_000;
const botItself = asId<AccountId>('bot');

export class TemplateSending {
  readonly #context: BridgeContext;
  readonly #wake: (lane: LaneKey) => void;

  constructor(context: BridgeContext, wake: (lane: LaneKey) => void) {
    this.#context = context;
    this.#wake = wake;
  }

  /** Until when free words may be sent in the chat of this room; undefined where the contact has never written. */
  async openUntil(room: RoomId): Promise<number | undefined> {
    const { session, portal } = await this.#portalIn(room);
    return session.openUntil?.(portal.chatId);
  }

  async list(room: RoomId): Promise<readonly TemplateSketch[]> {
    const { session } = await this.#portalIn(room);
    return templatesOf(session).list(AbortSignal.timeout(withinMs));
  }

  /** Undefined when it is on its way, else why it is not. A repeated command sends nothing again. */
  async send({ room, event }: Place, author: UserId, content: TemplateContent): Promise<string | undefined> {
    const { session, portal } = await this.#portalIn(room);
    const found = await templatesOf(session).fill(content, AbortSignal.timeout(withinMs));
    if ('refusal' in found) return found.refusal;
    const { homeserver, bot, store, clock } = this.#context;
    const shown = await homeserver.sendEvent({
      as: bot,
      room,
      ...renderText(plainText(found.text)),
      transactionId: transactionIdOf({ account: botItself, remote: event, part: 'template', sender: bot.user }),
    });
    const lane = outboundLane(room);
    const { name, language, parameters } = content;
    const payload: RoomEvent = {
      event_id: shown,
      room_id: room,
      sender: author,
      type: templateType,
      origin_server_ts: clock.now(),
      content: { name, language, parameters },
    };
    await store.write(async (unit) => {
      const entry = { direction: 'out', dedupeKey: shown, lane, payload, receivedAt: clock.now() } as const;
      await journalRoomEvent(unit, portal, payload, entry);
      await unit.portals.touch(portal, clock.now());
    });
    this.#wake(lane);
    return undefined;
  }

  async #portalIn(room: RoomId): Promise<{ readonly portal: Portal; readonly session: Session }> {
    const portal = await portalIn(this.#context, room);
    return { portal, session: this.#context.sessions.get(portal.accountId).session };
  }
}

function templatesOf({ templates }: Session): Templates {
  if (templates !== undefined) return templates;
  throw new ChanceryError('CH-COMMAND-INVALID', { detail: 'The network of this chat has no templates.' });
}
