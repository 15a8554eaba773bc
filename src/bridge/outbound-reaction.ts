/**
 * A reaction of an official and its removal, and what is left of deletions. Where the network has one reaction of an
 * account at a message, a newer one takes the place of the older in the room too.
 */
import { reached } from '../base/named-points.ts';
import { transactionIdOf } from '../matrix/identifiers.ts';
import type { ReactionAction, RedactionAction } from '../matrix/read-event.ts';
import { asId, type UserId } from '../model/ids.ts';
import type { Part } from '../store/parts.ts';
import type { Reaction } from '../store/reactions.ts';
import type { BridgeContext } from './context.ts';
import type { Feedback } from './feedback.ts';
import type { OutboundWork } from './work.ts';
import { outcomeOf, tellOutcome } from './outcomes.ts';
import { outboundTarget } from './outbound-target.ts';
import { sendKeyOf } from './send-key.ts';
import type { Attempt, Sending } from './sending.ts';
import { words } from './words.ts';
import { conclude } from './recording.ts';

export interface OutboundReactionOptions {
  readonly context: BridgeContext;
  readonly sending: Sending;
  readonly feedback: Feedback;
}

export class OutboundReactions {
  readonly #options: OutboundReactionOptions;

  constructor(options: OutboundReactionOptions) {
    this.#options = options;
  }

  async add(work: OutboundWork<ReactionAction>): Promise<void> {
    const { context, feedback } = this.#options;
    const { portal, action, event } = work;
    const target = await outboundTarget(context, work, action.target);
    if (target?.remoteId == null) {
      await feedback.notice(
        work.shown,
        'target',
        words.noSuchTarget(context.sessions.get(portal.accountId).networkName),
      );
      return this.#finish(work, undefined, async () => undefined);
    }
    const settled = await this.#send(work, target, action.emoji);
    const displaced = settled.state === 'failed' ? [] : await this.#displaced(target, event.event_id);
    for (const older of displaced) await this.#takeOut(work, older);
    await this.#finish(work, settled, async (reactions) => {
      for (const { eventId } of displaced) await reactions.remove(eventId);
      if (settled.state === 'failed') return;
      await reactions.put({
        portalId: portal.id,
        partId: target.id,
        author: event.sender,
        emoji: action.emoji,
        eventId: event.event_id,
      });
    });
  }

  /** True when the row was finished here: a reaction was taken back. Anything else the network cannot take back. */
  async removeOrRefuse(work: OutboundWork<RedactionAction>): Promise<boolean> {
    const { context, feedback } = this.#options;
    const { parts, reactions } = context.store.read;
    const { session, networkName } = context.sessions.get(work.portal.accountId);
    const reaction = await reactions.byEventId(work.action.target);
    const target = reaction && (await parts.get(reaction.partId));
    if (reaction !== undefined && target?.remoteId != null) {
      const settled = await this.#send(work, target, null);
      await this.#finish(work, settled, (repository) => repository.remove(reaction.eventId));
      return true;
    }
    const part = await parts.byEventId(work.action.target);
    if (part !== undefined && part.state !== 'failed' && session.capabilities.deletion === 'rejected') {
      await feedback.notice({ ...work.shown, event: work.action.target }, 'deletion', words.cannotDelete(networkName));
    }
    return false;
  }

  async #send(work: OutboundWork, target: Part, emoji: string | null): Promise<Part> {
    const { context, sending } = this.#options;
    const { row, portal, event, shown, signal } = work;
    const sendKey = sendKeyOf(context, event.event_id, row.id, 0);
    const part = await context.store.write((unit) =>
      unit.parts.ensure({
        journalId: row.id,
        number: 0,
        portalId: portal.id,
        direction: 'out',
        kind: 'reaction',
        author: event.sender,
        sendKey,
        eventId: event.event_id,
        updatedAt: context.clock.now(),
      }),
    );
    const { session, networkName } = context.sessions.get(portal.accountId);
    const attempt: Attempt = { part, session, networkName, shown };
    if (part.state === 'sending') await sending.awaitEvidence(attempt);
    else if (part.state === 'pending' && target.remoteId !== null) {
      const refusal = await session.refusal(portal.chatId, 'reaction');
      const reaction = { chat: portal.chatId, sendKey, target: target.remoteId, emoji };
      if (refusal !== undefined) await sending.refuse(attempt, words.notDelivered(networkName, refusal));
      else await sending.send(attempt, () => session.react(reaction, signal));
    }
    return (await context.store.read.parts.get(part.id)) ?? part;
  }

  /** Reactions of officials that the network no longer shows. */
  async #displaced(target: Part, by: string): Promise<Reaction[]> {
    const { store, identifiers, sessions } = this.#options.context;
    const portal = await store.read.portals.get(target.portalId);
    if (portal === undefined || sessions.get(portal.accountId).session.capabilities.reactionsPerMessage > 1) return [];
    const standing = await store.read.reactions.at(target.id);
    return standing.filter(({ author, eventId }) => eventId !== by && !identifiers.isGhost(asId<UserId>(author)));
  }

  async #takeOut({ portal, event }: OutboundWork, { eventId }: Reaction): Promise<void> {
    const { homeserver, bot } = this.#options.context;
    const transactionId = transactionIdOf({
      account: portal.accountId,
      remote: eventId,
      part: 'displaced',
      sender: bot.user,
    });
    await homeserver.redact({
      as: bot,
      room: event.room_id,
      event: eventId,
      transactionId,
      reason: 'replaced by a newer reaction',
    });
  }

  async #finish(
    { row, portal }: OutboundWork,
    part: Part | undefined,
    change: (reactions: BridgeContext['store']['read']['reactions']) => Promise<unknown>,
  ): Promise<void> {
    const { store, clock } = this.#options.context;
    const now = clock.now();
    await store.write(async (unit) => {
      await change(unit.reactions);
      await unit.portals.touch(portal, now);
      const state = part?.state === 'failed' ? 'failed' : 'done';
      const parts = part === undefined ? [] : [part];
      await conclude(unit, row, portal, { state, at: now, reason: part?.reason ?? null, parts });
    });
    reached('outbound.done');
    const outcome = part === undefined ? 'failed' : outcomeOf([part]);
    tellOutcome(this.#options.context, { portal, row: row.id, direction: 'out', kind: 'reaction', outcome });
  }
}
