/**
 * A message of a contact, on its way into the room: their ghost says it, part by part, each part under an id of its own
 * that makes saying it twice impossible. A part that failed is tried again alone.
 */
import { ChanceryError } from '../base/errors.ts';
import { reached } from '../base/named-points.ts';
import { transactionIdOf } from '../matrix/identifiers.ts';
import { pollResponse } from '../matrix/poll.ts';
import {
  maxTextLength,
  type MessageContext,
  type RenderedEvent,
  renderLocation,
  renderMedia,
  renderNotice,
  renderText,
} from '../matrix/render.ts';
import { isReadable } from '../matrix/room-event.ts';
import type { ChoiceContent, InboundContent, MediaContent, RemoteFile } from '../model/content.ts';
import type { EventId, RoomId } from '../model/ids.ts';
import type { MessageEvent } from '../model/remote-event.ts';
import { plainText, splitText } from '../model/rich-text.ts';
import type { NewPart } from '../store/parts.ts';
import type { BridgeContext } from './context.ts';
import { isFileGivenUp } from './file-trouble.ts';
import type { InboundWork } from './work.ts';
import type { InboundMedia } from './inbound-media.ts';
import { tellOutcome } from './outcomes.ts';
import type { PortalRooms } from './portal-rooms.ts';
import { conclude } from './recording.ts';
import { targetOf } from './targets.ts';
import type { Voice, Voices } from './voices.ts';

type Work = InboundWork<MessageEvent>;

export interface InboundMessageOptions {
  readonly context: BridgeContext;
  readonly rooms: PortalRooms;
  readonly voices: Voices;
  readonly media: InboundMedia;
}

export class InboundMessages {
  readonly #options: InboundMessageOptions;

  constructor(options: InboundMessageOptions) {
    this.#options = options;
  }

  async handle(work: Work): Promise<void> {
    const said = await this.tell(work);
    await this.#finish(work, said);
    const { portal, row } = work;
    tellOutcome(this.#options.context, { portal, row: row.id, direction: 'in', kind: 'message', outcome: 'passed_on' });
  }

  /** Says it, and does not end its row; its parts are numbered from `first`, and still to be recorded. */
  async tell(work: Work, first = 0): Promise<NewPart[]> {
    const { context, rooms, voices } = this.#options;
    const { portal, event } = work;
    const room = await rooms.ensure(portal);
    const voice = await voices.ready(portal, room, event);
    reached('inbound.ghost-ready');
    const replyTo = await this.#replyTarget(work);
    const contents = inParts(event.content);
    const said: NewPart[] = [];
    for (const [place, content] of contents.entries()) {
      const number = first + place;
      const known = await context.store.read.parts.numbered(work.row.id, number);
      const eventId =
        known?.eventId ?? (await this.#say(work, { number, isFirst: place === 0, voice, room, content, ...replyTo }));
      const part = this.#newPart(work, voice, number, { state: 'sent', eventId });
      if (known?.eventId == null && contents.length > 1) await context.store.write((unit) => unit.parts.record(part));
      said.push(part);
    }
    return said;
  }

  async #replyTarget(work: Work): Promise<Pick<MessageContext, 'replyTo'>> {
    if (work.event.replyTo === undefined) return {};
    const target = await targetOf(this.#options.context, work, work.event.replyTo);
    return target?.eventId == null ? {} : { replyTo: target.eventId };
  }

  #newPart(
    { row, portal, event }: Work,
    voice: Voice,
    number: number,
    outcome: Pick<NewPart, 'state' | 'eventId'> = {},
  ): NewPart {
    return {
      journalId: row.id,
      number,
      portalId: portal.id,
      // What the account said elsewhere is a message of ours that its network has.
      direction: event.own === undefined ? 'in' : 'out',
      kind: 'message',
      author: voice.user,
      remoteId: event.message,
      updatedAt: this.#options.context.clock.now(),
      ...outcome,
    };
  }

  async #say(work: Work, speech: Speech): Promise<EventId> {
    const { portal, event } = work;
    const { number, voice, room } = speech;
    const rendered = await this.#render(work, speech);
    const transactionId = transactionIdOf({
      account: portal.accountId,
      remote: event.id,
      part: number,
      sender: voice.user,
    });
    const eventId = await voice.send({ room, ...rendered, transactionId, at: event.at });
    reached('inbound.sent');
    return eventId;
  }

  async #render(work: Work, { number, isFirst, voice, content, replyTo }: Speech): Promise<RenderedEvent> {
    const { event } = work;
    const shown: MessageContext = isFirst ? { replyTo, forwarded: event.forwarded } : {};
    switch (content.type) {
      case 'text':
        return renderText(content.text, shown);
      case 'notice':
        return renderNotice(content.text, shown);
      case 'media':
        return this.#renderMedia(work, voice, number, content, shown);
      case 'location':
        return renderLocation(content, shown);
      case 'choice':
        return (await this.#vote(work, content, replyTo)) ?? renderText(plainText(content.text), shown);
    }
  }

  /** A choice from a poll in this room is a vote in it. */
  async #vote({ portal }: Work, { answer }: ChoiceContent, poll?: EventId): Promise<RenderedEvent | undefined> {
    if (answer === undefined || poll === undefined || portal.roomId === null) return undefined;
    const { homeserver, bot } = this.#options.context;
    const start = await homeserver.getEvent({ as: bot, room: portal.roomId }, poll);
    return start !== undefined && isReadable(start) ? pollResponse(start, poll, answer) : undefined;
  }

  /** The steps of a file are remembered at its part, which is therefore on record before it is said. */
  async #renderMedia(
    work: Work,
    voice: Voice,
    number: number,
    content: MediaContent<RemoteFile>,
    shown: MessageContext,
  ): Promise<RenderedEvent> {
    const { context, media } = this.#options;
    const part = await context.store.write((unit) => unit.parts.ensure(this.#newPart(work, voice, number)));
    try {
      return renderMedia({ ...content, file: await media.onHomeserver(work, part, voice.as, content) }, shown);
    } catch (thrown) {
      const isGivenUp = isTroubleOfFile(thrown) && (await isFileGivenUp(context, part));
      const words = lossOf(thrown, content.kind, isGivenUp);
      if (words === undefined) throw thrown;
      return renderNotice([words, ...whatCameAlong(content)].join('\n'), shown);
    }
  }

  async #finish({ row, portal, event }: Work, said: readonly NewPart[]): Promise<void> {
    const { context } = this.#options;
    const now = context.clock.now();
    const unneeded = await context.store.writeSoon(async (unit) => {
      for (const part of said) await unit.parts.record(part);
      await unit.portals.touch(portal, Math.min(now, event.at));
      const parts = row.entry === null ? [] : await unit.parts.of(row.id);
      await conclude(unit, row, portal, { state: 'done', at: now, parts });
      return unit.parts.clearProgress(row.id);
    });
    await context.files.removeAll(unneeded);
  }
}

interface Speech extends Pick<MessageContext, 'replyTo'> {
  readonly number: number;
  readonly isFirst: boolean;
  readonly voice: Voice;
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
