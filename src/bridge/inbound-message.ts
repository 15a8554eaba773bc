/**
 * A message of a contact, on its way into the room: the ghost says it, part by part, each part under an id of its own
 * that makes saying it twice impossible. A part that failed is tried again alone.
 */
import { ChanceryError } from '../base/errors.ts';
import { reached } from '../base/named-points.ts';
import type { Acting } from '../matrix/acting.ts';
import { transactionIdOf } from '../matrix/identifiers.ts';
import {
  maxTextLength,
  type MessageContext,
  type RenderedEvent,
  renderMedia,
  renderNotice,
  renderText,
} from '../matrix/render.ts';
import type { InboundContent, MediaContent, RemoteFile } from '../model/content.ts';
import type { EventId, RoomId } from '../model/ids.ts';
import type { MessageEvent } from '../model/remote-event.ts';
import { splitText } from '../model/rich-text.ts';
import type { Part } from '../store/parts.ts';
import type { BridgeContext } from './context.ts';
import { isFileGivenUp } from './file-trouble.ts';
import type { Ghosts } from './ghosts.ts';
import type { InboundWork } from './work.ts';
import type { InboundMedia } from './inbound-media.ts';
import { tellOutcome } from './outcomes.ts';
import type { PortalRooms } from './portal-rooms.ts';
import { targetOf } from './targets.ts';

type Work = InboundWork<MessageEvent>;

export interface InboundMessageOptions {
  readonly context: BridgeContext;
  readonly rooms: PortalRooms;
  readonly ghosts: Ghosts;
  readonly media: InboundMedia;
}

export class InboundMessages {
  readonly #options: InboundMessageOptions;

  constructor(options: InboundMessageOptions) {
    this.#options = options;
  }

  async handle(work: Work): Promise<void> {
    const { context, rooms, ghosts } = this.#options;
    const { portal, event } = work;
    const room = await rooms.ensure(portal);
    const ghost = await ghosts.ready(portal, room, event.from);
    reached('inbound.ghost-ready');
    const replyTo = await this.#replyTarget(work);
    const contents = inParts(event.content);
    const parts: Part[] = [];
    for (const [number, content] of contents.entries()) {
      const part = await this.#ensurePart(work, ghost, number);
      const eventId = part.eventId ?? (await this.#say(work, { part, ghost, room, content, ...replyTo }));
      if (part.eventId === null && contents.length > 1) await this.#remember(part, eventId);
      parts.push({ ...part, eventId });
    }
    await this.#finish(work, parts);
    tellOutcome(context, { portal, row: work.row.id, direction: 'in', kind: 'message', outcome: 'passed_on' });
  }

  async #replyTarget(work: Work): Promise<Pick<MessageContext, 'replyTo'>> {
    if (work.event.replyTo === undefined) return {};
    const target = await targetOf(this.#options.context, work, work.event.replyTo);
    return target?.eventId == null ? {} : { replyTo: target.eventId };
  }

  #ensurePart({ row, portal, event }: Work, ghost: Acting, number: number): Promise<Part> {
    const { store, clock } = this.#options.context;
    return store.write((unit) =>
      unit.parts.ensure({
        journalId: row.id,
        number,
        portalId: portal.id,
        direction: 'in',
        kind: 'message',
        author: ghost.user,
        remoteId: event.message,
        updatedAt: clock.now(),
      }),
    );
  }

  async #say(work: Work, speech: Speech): Promise<EventId> {
    const { context } = this.#options;
    const { portal, event } = work;
    const { part, ghost, room } = speech;
    const rendered = await this.#render(work, speech);
    const transactionId = transactionIdOf({
      account: portal.accountId,
      remote: event.id,
      part: part.number,
      sender: ghost.user,
    });
    const eventId = await context.homeserver.sendEvent({ as: ghost, room, ...rendered, transactionId, at: event.at });
    reached('inbound.sent');
    return eventId;
  }

  async #render(work: Work, { part, ghost, content, replyTo }: Speech): Promise<RenderedEvent> {
    const { event } = work;
    const first = part.number === 0;
    const shown: MessageContext = first ? { replyTo, forwarded: event.forwarded } : {};
    switch (content.type) {
      case 'text':
        return renderText(content.text, shown);
      case 'notice':
        return renderNotice(content.text, shown);
      case 'media':
        try {
          return renderMedia(
            { ...content, file: await this.#options.media.onHomeserver(work, part, ghost, content) },
            shown,
          );
        } catch (thrown) {
          const isGivenUp = isTroubleOfFile(thrown) && (await isFileGivenUp(this.#options.context, part));
          const words = lossOf(thrown, content.kind, isGivenUp);
          if (words === undefined) throw thrown;
          return renderNotice([words, ...whatCameAlong(content)].join('\n'), shown);
        }
    }
  }

  async #remember(part: Part, eventId: EventId): Promise<void> {
    const { store, clock } = this.#options.context;
    await store.write((unit) => unit.parts.change(part.id, clock.now(), { state: 'sent', eventId }));
  }

  async #finish({ row, portal, event }: Work, parts: readonly Part[]): Promise<void> {
    const { context } = this.#options;
    const now = context.clock.now();
    const unneeded = await context.store.write(async (unit) => {
      for (const { id, eventId } of parts) await unit.parts.change(id, now, { state: 'sent', eventId });
      await unit.portals.change(portal.id, {
        lastActivityAt: Math.max(portal.lastActivityAt, Math.min(now, event.at)),
      });
      await unit.journal.finish(row.id, 'done', now);
      return unit.parts.clearProgress(row.id);
    });
    await context.files.removeAll(unneeded);
  }
}

interface Speech extends Pick<MessageContext, 'replyTo'> {
  readonly part: Part;
  readonly ghost: Acting;
  readonly room: RoomId;
  readonly content: InboundContent;
}

/** A text that no event could hold is said in several. */
function inParts(content: InboundContent): readonly InboundContent[] {
  if (content.type !== 'text') return [content];
  return splitText(content.text, maxTextLength).map((text) => ({ type: 'text', text }));
}

const isTroubleOfFile = (thrown: unknown): boolean =>
  thrown instanceof ChanceryError && (thrown.code === 'CH-MEDIA-TROUBLE' || thrown.code === 'CH-MEDIA-DAMAGED');

/** The words that were sent with a file are not lost with it. */
const whatCameAlong = ({ fileName, caption }: MediaContent<RemoteFile>): readonly string[] => [
  ...(fileName === undefined ? [] : [`Its name: ${fileName}`]),
  ...(caption === undefined ? [] : [`It says: ${caption.text}`]),
];

/** What the room is told of a file that cannot come any more; undefined when it still may. */
function lossOf(thrown: unknown, kind: string, isGivenUp: boolean): string | undefined {
  if (!(thrown instanceof ChanceryError)) return undefined;
  if (thrown.code === 'CH-MEDIA-TROUBLE' && isGivenUp)
    return `A file (${kind}) was sent, but it could not be fetched. ${thrown.detail ?? ''} Ask for it again.`;
  if (thrown.code === 'CH-MEDIA-DAMAGED' && isGivenUp) {
    return `A file (${kind}) was sent, but what the network hands over is not what it announced. Ask for it again.`;
  }
  if (thrown.code === 'CH-MEDIA-GONE')
    return `A file (${kind}) was sent, but the network no longer has it. Ask for it again.`;
  if (thrown.code === 'CH-MEDIA-TOO-LARGE')
    return `A file (${kind}) was sent that is too large for this homeserver. ${thrown.detail ?? ''}`.trim();
  return undefined;
}
