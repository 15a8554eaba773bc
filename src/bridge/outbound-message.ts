/** A message of an official, on its way to the network: part by part, in order, each part sent once. */
import { reached } from '../base/named-points.ts';
import type { MediaAction, TextAction } from '../matrix/read-event.ts';
import type { RemoteMessageId } from '../model/ids.ts';
import { type RichText, splitText } from '../model/rich-text.ts';
import type { Part } from '../store/parts.ts';
import type { BridgeContext } from './context.ts';
import type { Feedback } from './feedback.ts';
import type { OutboundWork } from './work.ts';
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
  readonly feedback: Feedback;
  readonly media: OutboundMedia;
}

/** One part before its file is fetched. */
type Draft = { readonly kind: 'text'; readonly text: RichText } | MediaAction;

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
    const { context, sending } = this.#options;
    const settled = await this.#settledBefore(work, number);
    if (settled !== undefined) return settled;
    const part = await this.#ensurePart(work, number);
    const { session, networkName } = context.sessions.get(work.portal.accountId);
    const attempt: Attempt = { part, session, networkName, shown: work.shown };
    if (part.state === 'sending') await sending.awaitEvidence(attempt);
    else if (part.state === 'pending') await this.#send(work, attempt, draft);
    return (await context.store.read.parts.get(part.id)) ?? part;
  }

  /** Of a message that is sent again only those parts go that were asked for, and those that were never tried. */
  async #settledBefore({ row, event }: Work, number: number): Promise<Part | undefined> {
    if (row.dedupeKey === event.event_id) return undefined;
    const earlier = await this.#options.context.store.read.parts.otherAttempt(event.event_id, number, row.id);
    return earlier?.state === 'superseded' ? undefined : earlier;
  }

  async #send(work: Work, attempt: Attempt, draft: Draft): Promise<void> {
    const { context, sending, media } = this.#options;
    const { part, session, networkName } = attempt;
    const { chatId } = work.portal;
    const refusal = await session.refusal(chatId, 'message');
    if (refusal !== undefined) return sending.refuse(attempt, words.notDelivered(networkName, refusal));
    const readied: Readied =
      draft.kind === 'text' ? { content: { type: 'text', text: draft.text } } : await media.ready(work, attempt, draft);
    if ('refusal' in readied) return sending.refuse(attempt, readied.refusal);
    const sendKey = sendKeyOf(context, work.event.event_id, work.row.id, part.number);
    const replyTo = part.number === 0 ? await this.#replyTarget(work) : undefined;
    const outgoing = { chat: chatId, sendKey, ...readied, ...(replyTo === undefined ? {} : { replyTo }) };
    await sending.send(attempt, () => session.send(outgoing, work.signal));
  }

  async #replyTarget(work: Work): Promise<RemoteMessageId | undefined> {
    const { replyTo } = work.action;
    if (replyTo === undefined) return undefined;
    return (await outboundTarget(this.#options.context, work, replyTo))?.remoteId ?? undefined;
  }

  #ensurePart({ row, portal, event }: Work, number: number): Promise<Part> {
    const { context } = this.#options;
    return context.store.write((unit) =>
      unit.parts.ensure({
        journalId: row.id,
        number,
        portalId: portal.id,
        direction: 'out',
        kind: 'message',
        author: event.sender,
        sendKey: sendKeyOf(context, event.event_id, row.id, number),
        eventId: event.event_id,
        updatedAt: context.clock.now(),
      }),
    );
  }

  async #finish({ row, portal, shown }: Work, parts: readonly Part[]): Promise<void> {
    const { context, feedback } = this.#options;
    const failed = parts.find(({ state }) => state === 'failed');
    if (parts.every(({ state }) => state !== 'failed' && state !== 'uncertain')) await feedback.passedOn(shown);
    const now = context.clock.now();
    const unneeded = await context.store.write(async (unit) => {
      await unit.portals.change(portal.id, { lastActivityAt: now });
      await unit.journal.finish(row.id, failed === undefined ? 'done' : 'failed', now, failed?.reason ?? null);
      return unit.parts.clearProgress(row.id);
    });
    reached('outbound.done');
    tellOutcome(context, { portal, row: row.id, direction: 'out', kind: 'message', outcome: outcomeOf(parts) });
    await context.files.removeAll(unneeded);
  }
}
