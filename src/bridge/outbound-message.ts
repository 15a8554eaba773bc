/** A message of an official, on its way to the network: part by part, in order, each part sent once. */
import { reached } from '../base/named-points.ts';
import type { MediaAction, TextAction, ThingAction } from '../matrix/read-event.ts';
import type { OutboundContent } from '../model/content.ts';
import type { LaneKey, MediaName, PartId, RemoteMessageId } from '../model/ids.ts';
import { type RichText, splitText } from '../model/rich-text.ts';
import type { Outgoing } from '../networks/contract.ts';
import type { NewPart, Part } from '../store/parts.ts';
import { feedbackLane } from '../store/portals.ts';
import type { UnitOfWork } from '../store/store.ts';
import type { BridgeContext } from './context.ts';
import { passageOf } from './inbound-receipt.ts';
import type { JournalledPassage, OutboundWork } from './work.ts';
import type { OutboundMedia, Readied } from './outbound-media.ts';
import { outcomeOf, tellOutcome } from './outcomes.ts';
import { outboundTarget } from './outbound-target.ts';
import { conclude } from './recording.ts';
import { sendKeyOf } from './send-key.ts';
import type { Attempt, Sending } from './sending.ts';
import { hintAt, waysOf } from './ways.ts';
import { words } from './words.ts';

type Work = OutboundWork<TextAction | MediaAction | ThingAction>;

export interface OutboundMessageOptions {
  readonly context: BridgeContext;
  readonly sending: Sending;
  readonly media: OutboundMedia;
  /** Wakes the lane in which authors are told. */
  readonly wake: (lane: LaneKey) => void;
}

/** A part without a file: ready as it is. */
interface ReadyDraft {
  readonly kind: 'ready';
  readonly content: OutboundContent;
}

/** One part before its file is fetched. */
type Draft = ReadyDraft | MediaAction;

interface Step extends Pick<Attempt, 'whenSent'> {
  readonly number: number;
  readonly draft: Draft;
  /** What is on record of the part. */
  readonly known: Part | undefined;
}

interface Ending {
  /** Sealed files that no message needs any more. */
  readonly unneeded: readonly MediaName[];
  /** The lane in which the author is told that it was passed on. */
  readonly passage?: LaneKey;
}

export class OutboundMessages {
  readonly #options: OutboundMessageOptions;

  constructor(options: OutboundMessageOptions) {
    this.#options = options;
  }

  async handle(work: Work): Promise<void> {
    const drafts = this.#drafts(work);
    const parts: Part[] = [];
    let ending: Ending | undefined;
    for (const [number, draft] of drafts.entries()) {
      const isLast = number === drafts.length - 1 && parts.every(isPassedOn);
      const whenSent = async (unit: UnitOfWork): Promise<void> => {
        ending = await this.#end(unit, work, undefined, true);
      };
      const part = await this.#settle(work, number, draft, isLast ? whenSent : undefined);
      parts.push(part);
      if (part.state === 'failed') break;
    }
    const { context, wake } = this.#options;
    const failed = parts.find(({ state }) => state === 'failed');
    ending ??= await context.store.write((unit) => this.#end(unit, work, failed, parts.every(isPassedOn)));
    reached('outbound.done');
    const { portal, row } = work;
    tellOutcome(context, { portal, row: row.id, direction: 'out', kind: 'message', outcome: outcomeOf(parts) });
    if (ending.passage !== undefined) wake(ending.passage);
    await context.files.removeAll(ending.unneeded);
  }

  /** Texts and captions that the network's limits do not allow go in several parts. */
  #drafts({ portal, action }: Work): readonly Draft[] {
    const { capabilities } = this.#options.context.sessions.get(portal.accountId).session;
    const inTexts = (text: RichText): Draft[] =>
      splitText(text, capabilities.maxTextLength).map((piece) => ({
        kind: 'ready',
        content: { type: 'text', text: piece },
      }));
    if (action.kind === 'text') return inTexts(action.text);
    if (action.kind === 'thing') return [{ kind: 'ready', content: action.thing }];
    const { caption, ...uncaptioned } = action;
    const { takesCaption } = waysOf(capabilities, action);
    if (caption === undefined || (takesCaption && caption.text.length <= capabilities.maxCaptionLength))
      return [action];
    return [uncaptioned, ...inTexts(caption)];
  }

  /** The part once nothing more is to be done about it. */
  async #settle(work: Work, number: number, draft: Draft, whenSent: Attempt['whenSent']): Promise<Part> {
    const settled = await this.#settledBefore(work, number);
    if (settled !== undefined) return settled;
    const { parts } = this.#options.context.store.read;
    const known = (await parts.of(work.row.id)).find((part) => part.number === number);
    const id = await this.#attempt(work, { number, draft, known, whenSent });
    const part = await parts.get(id);
    if (part === undefined) throw new Error(`part ${id} is missing`);
    return part;
  }

  async #attempt(work: Work, { number, draft, known, whenSent }: Step): Promise<PartId> {
    const { context, sending } = this.#options;
    const { session, networkName } = context.sessions.get(work.portal.accountId);
    const about = { session, networkName, shown: work.shown, whenSent };
    if (known?.state === 'sending') await sending.awaitEvidence({ ...about, part: known });
    if (known !== undefined && known.state !== 'pending') return known.id;
    const isTemplate = draft.kind === 'ready' && draft.content.type === 'template';
    const refusal = await session.refusal(work.portal.chatId, isTemplate ? 'template' : 'message');
    const fresh = this.#newPart(work, number);
    if (known === undefined && draft.kind === 'ready' && refusal === undefined) {
      const outgoing = await this.#outgoing(work, number, draft);
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
    const readied: Readied = draft.kind === 'ready' ? draft : await media.ready(work, attempt, draft);
    if ('refusal' in readied) return sending.refuse(attempt, readied.refusal);
    const outgoing = await this.#outgoing(work, part.number, readied);
    await sending.send(attempt, () => session.send(outgoing, work.signal));
  }

  async #outgoing(work: Work, number: number, readied: Exclude<Readied, { refusal: string }>): Promise<Outgoing> {
    const sendKey = sendKeyOf(this.#options.context, work.event.event_id, work.row.id, number);
    const replyTo = number === 0 ? await this.#replyTarget(work) : undefined;
    const { content, prepared } = readied;
    return {
      chat: work.portal.chatId,
      sendKey,
      content,
      ...(prepared === undefined ? {} : { prepared }),
      ...(replyTo === undefined ? {} : { replyTo }),
    };
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

  /** Mapping, outcome and "done" stand in one transaction. */
  async #end(unit: UnitOfWork, work: Work, failed: Part | undefined, passedOn: boolean): Promise<Ending> {
    const { row, portal, event } = work;
    const now = this.#options.context.clock.now();
    const hint = passedOn ? await this.#hint(unit, work) : undefined;
    await unit.portals.touch(portal, now);
    const parts = row.entry === null ? [] : await unit.parts.of(row.id);
    const state = failed === undefined ? 'done' : 'failed';
    await conclude(unit, row, portal, { state, at: now, reason: failed?.reason ?? null, parts });
    const unneeded = await unit.parts.clearProgress(row.id);
    if (!passedOn) return { unneeded };
    const lane = feedbackLane(portal.id);
    const hinted = hint === undefined ? {} : { hint };
    const payload: JournalledPassage = { portal: portal.id, passedOn: event.event_id, ...hinted };
    const dedupeKey = passageOf(row.dedupeKey === event.event_id ? event.event_id : `again ${row.id}`);
    await unit.journal.add({ direction: 'in', dedupeKey, lane, payload, receivedAt: now });
    return { unneeded, passage: lane };
  }

  /** What the author is to know of a file that went as another kind than its own: the first part is the file. */
  async #hint(unit: UnitOfWork, { row, portal, action }: Work): Promise<string | undefined> {
    if (action.kind !== 'media') return undefined;
    const { session, networkName } = this.#options.context.sessions.get(portal.accountId);
    const progress = (await unit.parts.numbered(row.id, 0))?.progress ?? {};
    return hintAt(networkName, session.capabilities, action, progress);
  }
}

const isPassedOn = ({ state }: Part): boolean => state !== 'failed' && state !== 'uncertain';
