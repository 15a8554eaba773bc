/**
 * One call to the network that must not happen twice. "sending" is on disk before the call: after a crash or a cut in
 * between, only evidence from the network says whether it went through. Without any, after a while, the part is
 * `uncertain`: shown to its author and never silently sent again.
 */
import { reached } from '../base/named-points.ts';
import type { PartId } from '../model/ids.ts';
import type { SendResult, Session } from '../networks/contract.ts';
import type { NewPart, Part } from '../store/parts.ts';
import { inboundLane } from '../store/portals.ts';
import type { UnitOfWork } from '../store/store.ts';
import type { BridgeContext } from './context.ts';
import { TryAgain } from './failures.ts';
import type { Feedback, Shown } from './feedback.ts';
import { words } from './words.ts';

/** An attempt at a part that is not on record yet. */
export interface FirstAttempt extends Omit<Attempt, 'part'> {
  readonly part: NewPart;
}

export interface Attempt {
  readonly part: Part;
  readonly session: Session;
  readonly networkName: string;
  readonly shown: Shown;
  /** Joins the transaction in which it is recorded that the network has the part. */
  readonly whenSent?: ((unit: UnitOfWork) => Promise<void>) | undefined;
}

/** What the network has said of a part, whatever the call itself comes to. */
const reported: ReadonlySet<Part['state']> = new Set(['failed', 'sent', 'delivered', 'read']);
/** Evidence wakes the lane at once; looking again this often covers what raced with it. */
const lookAgainMs = 1_000;
const soonMs = 1_000;

export class Sending {
  readonly #context: BridgeContext;
  readonly #feedback: Feedback;

  constructor(context: BridgeContext, feedback: Feedback) {
    this.#context = context;
    this.#feedback = feedback;
  }

  /** Makes the call for a `pending` part; resolves when its outcome is recorded, throws `TryAgain` when there is none. */
  async send(attempt: Attempt, call: () => Promise<SendResult>): Promise<void> {
    const { part, session } = attempt;
    // An earlier attempt may have got through all the same.
    if (part.reason !== null && (await this.#mayHoldEvidence(part, part.updatedAt + session.evidenceMs)))
      throw new TryAgain(part.reason, lookAgainMs);
    await this.#change(part, { state: 'sending' });
    await this.#call(attempt, call);
  }

  /** As `send`, for a part that is not on record yet: it comes there as `sending`. */
  async sendFirst({ part: fresh, ...attempt }: FirstAttempt, call: () => Promise<SendResult>): Promise<PartId> {
    const { store } = this.#context;
    const part = await store.write((unit) => unit.parts.ensure({ ...fresh, state: 'sending' }));
    await this.#call({ ...attempt, part }, call);
    return part.id;
  }

  async #call({ part, networkName, shown, whenSent }: Attempt, call: () => Promise<SendResult>): Promise<void> {
    reached('outbound.sending');
    const result = await call();
    reached('outbound.sent');
    switch (result.outcome) {
      case 'sent':
        return this.#change(part, { state: 'sent', remoteId: result.message }, whenSent);
      case 'refused':
        return this.refuse({ part, shown }, words.notDelivered(networkName, result.reason));
      case 'not-sent':
        await this.#change(part, { state: 'pending', reason: result.reason });
        throw new TryAgain(result.reason, result.afterMs ?? soonMs);
      case 'unknown':
        throw new TryAgain(result.reason, lookAgainMs);
    }
  }

  /** For a part that was left in `sending`: waits, and gives up in the end. */
  async awaitEvidence({ part, session, networkName, shown }: Attempt): Promise<void> {
    const { clock, startedAt } = this.#context;
    // Evidence that came while we were down is delivered after our start.
    const patientUntil = Math.max(part.updatedAt, startedAt) + session.evidenceMs;
    if (clock.now() < patientUntil || (await this.#mayHoldEvidence(part, patientUntil)))
      throw new TryAgain('waits for evidence whether the message was sent', lookAgainMs);
    const reason = words.uncertain(networkName);
    await this.#feedback.failed(shown, 'uncertain', reason);
    await this.#change(part, { state: 'uncertain', reason });
  }

  /** Whether something that came in time still waits to be looked at. */
  async #mayHoldEvidence({ portalId }: Part, patientUntil: number): Promise<boolean> {
    const next = await this.#context.store.read.journal.head(inboundLane(portalId));
    return next?.state === 'waiting' && next.receivedAt <= patientUntil;
  }

  /** The part will never be sent; its author learns why. */
  async refuse({ part, shown }: Pick<Attempt, 'part' | 'shown'>, reason: string): Promise<void> {
    await this.#feedback.failed(shown, 'failed', reason);
    await this.#change(part, { state: 'failed', reason });
  }

  /** The network may have reported meanwhile: what is known never goes back. */
  async #change(
    part: Part,
    change: { state: Part['state']; remoteId?: Part['remoteId']; reason?: string },
    whenSent?: (unit: UnitOfWork) => Promise<void>,
  ): Promise<void> {
    const { store, clock } = this.#context;
    await store.write(async (unit) => {
      const present = await unit.parts.get(part.id);
      const state = present !== undefined && isBeyond(present.state) ? present.state : change.state;
      await unit.parts.change(part.id, clock.now(), { ...change, state });
      if (state !== 'failed') await whenSent?.(unit);
    });
  }
}

const isBeyond = (state: Part['state']): boolean => reported.has(state);
