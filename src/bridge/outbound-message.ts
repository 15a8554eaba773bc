/** A message of an official, on its way to the network: part by part, in order, each part sent once. */
import { reached } from '../base/named-points.ts';
import type { MediaAction, TextAction } from '../matrix/read-event.ts';
import type { OutboundContent } from '../model/content.ts';
import type { LaneKey, PartId, RemoteMessageId } from '../model/ids.ts';
import { type RichText, splitText } from '../model/rich-text.ts';
import type { Outgoing } from '../networks/contract.ts';
import type { NewPart, Part } from '../store/parts.ts';
import { feedbackLane } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';
import { passageOf } from './inbound-receipt.ts';
import type { JournalledPassage, OutboundWork } from './work.ts';
import { type OutboundMedia, type Readied, suited } from './outbound-media.ts';
import { outcomeOf, tellOutcome } from './outcomes.ts';
import { outboundTarget } from './outbound-target.ts';
import { sendKeyOf } from './send-key.ts';
import type { Attempt, Sending } from './sending.ts';
import { words } from './words.ts';

type Work = OutboundWork<TextAction | MediaAction>;

export interface OutboundMessageOptions {
  readonly context: BridgeContext;
  readonly sending: Sending;
  readonly media: OutboundMedia;
  /** Wakes the lane in which authors are told. */
  readonly wake: (lane: LaneKey) => void;
}

interface TextDraft {
  readonly kind: 'text';
  readonly text: RichText;
}

/** One part before its file is fetched. */
type Draft = TextDraft | MediaAction;

export class OutboundMessages {
  readonly #options: OutboundMessageOptions;

  constructor(options: OutboundMessageOptions) {
    this.#options = options;
  }

  async handle(work: Work): Promise<void> {
    const parts: Part[] = [];
    for (const [number, draft] of this.#drafts(work).entries()) {
      const part = await this.#settle(work, number, draft);
      parts.push(part);
      if (part.state === 'failed') break;
    }
    await this.#finish(work, parts);
  }

  /** Texts and captions that the network's limits do not allow go in several parts. */
  #drafts({ portal, action }: Work): readonly Draft[] {
    const { capabilities } = this.#options.context.sessions.get(portal.accountId).session;
    const inTexts = (text: RichText): Draft[] =>
      splitText(text, capabilities.maxTextLength).map((piece) => ({ kind: 'text', text: piece }));
    if (action.kind === 'text') return inTexts(action.text);
    const { caption, ...uncaptioned } = action;
    const takesCaption = suited(capabilities, action)?.limit.caption !== false;
    if (caption === undefined || (takesCaption && caption.text.length <= capabilities.maxCaptionLength))
      return [action];
    return [uncaptioned, ...inTexts(caption)];
  }

  /** The part once nothing more is to be done about it. */
  async #settle(work: Work, number: number, draft: Draft): Promise<Part> {
    const settled = await this.#settledBefore(work, number);
    if (settled !== undefined) return settled;
    const { parts } = this.#options.context.store.read;
    const known = (await parts.of(work.row.id)).find((part) => part.number === number);
    const id = await this.#attempt(work, number, draft, known);
    const part = await parts.get(id);
    if (part === undefined) throw new Error(`part ${id} is missing`);
    return part;
  }

  async #attempt(work: Work, number: number, draft: Draft, known: Part | undefined): Promise<PartId> {
    const { context, sending } = this.#options;
    const { session, networkName } = context.sessions.get(work.portal.accountId);
    const about = { session, networkName, shown: work.shown };
    if (known?.state === 'sending') await sending.awaitEvidence({ ...about, part: known });
    if (known !== undefined && known.state !== 'pending') return known.id;
    const refusal = await session.refusal(work.portal.chatId, 'message');
    const fresh = this.#newPart(work, number);
    if (known === undefined && draft.kind === 'text' && refusal === undefined) {
      const outgoing = await this.#outgoing(work, number, contentOf(draft));
      return sending.sendFirst({ ...about, part: fresh }, () => session.send(outgoing, work.signal));
    }
    const part = known ?? (await context.store.write((unit) => unit.parts.ensure(fresh)));
    const attempt = { ...about, part };
    if (refusal === undefined) await this.#send(work, attempt, draft);
    else await sending.refuse(attempt, words.notDelivered(networkName, refusal));
    return part.id;
  }

  /** Of a message that is sent again only those parts go that were asked for, and those that were never tried. */
  async #settledBefore({ row, event }: Work, number: number): Promise<Part | undefined> {
    if (row.dedupeKey === event.event_id) return undefined;
    const earlier = await this.#options.context.store.read.parts.otherAttempt(event.event_id, number, row.id);
    return earlier?.state === 'superseded' ? undefined : earlier;
  }

  async #send(work: Work, attempt: Attempt, draft: Draft): Promise<void> {
    const { sending, media } = this.#options;
    const { part, session } = attempt;
    const readied: Readied = draft.kind === 'text' ? contentOf(draft) : await media.ready(work, attempt, draft);
    if ('refusal' in readied) return sending.refuse(attempt, readied.refusal);
    const outgoing = await this.#outgoing(work, part.number, readied);
    await sending.send(attempt, () => session.send(outgoing, work.signal));
  }

  async #outgoing(work: Work, number: number, readied: Exclude<Readied, { refusal: string }>): Promise<Outgoing> {
    const sendKey = sendKeyOf(this.#options.context, work.event.event_id, work.row.id, number);
    const replyTo = number === 0 ? await this.#replyTarget(work) : undefined;
    return { chat: work.portal.chatId, sendKey, ...readied, ...(replyTo === undefined ? {} : { replyTo }) };
  }

  async #replyTarget(work: Work): Promise<RemoteMessageId | undefined> {
    const { replyTo } = work.action;
    if (replyTo === undefined) return undefined;
    return (await outboundTarget(this.#options.context, work, replyTo))?.remoteId ?? undefined;
  }

  #newPart({ row, portal, event }: Work, number: number): NewPart {
    const { context } = this.#options;
    return {
      journalId: row.id,
      number,
      portalId: portal.id,
      direction: 'out',
      kind: 'message',
      author: event.sender,
      sendKey: sendKeyOf(context, event.event_id, row.id, number),
      eventId: event.event_id,
      updatedAt: context.clock.now(),
    };
  }

  async #finish({ row, portal, event }: Work, parts: readonly Part[]): Promise<void> {
    const { context, wake } = this.#options;
    const failed = parts.find(({ state }) => state === 'failed');
    const isPassedOn = parts.every(({ state }) => state !== 'failed' && state !== 'uncertain');
    const lane = feedbackLane(portal.id);
    const passage: JournalledPassage = { portal: portal.id, passedOn: event.event_id };
    const dedupeKey = passageOf(row.dedupeKey === event.event_id ? event.event_id : `again ${row.id}`);
    const now = context.clock.now();
    const unneeded = await context.store.write(async (unit) => {
      await unit.portals.change(portal.id, { lastActivityAt: now });
      if (isPassedOn) await unit.journal.add({ direction: 'in', dedupeKey, lane, payload: passage, receivedAt: now });
      await unit.journal.finish(row.id, failed === undefined ? 'done' : 'failed', now, failed?.reason ?? null);
      return unit.parts.clearProgress(row.id);
    });
    reached('outbound.done');
    tellOutcome(context, { portal, row: row.id, direction: 'out', kind: 'message', outcome: outcomeOf(parts) });
    if (isPassedOn) wake(lane);
    await context.files.removeAll(unneeded);
  }
}

const contentOf = ({ text }: TextDraft): { readonly content: OutboundContent } => ({ content: { type: 'text', text } });
