/**
 * The logins that people are in the middle of: few at a time, forgotten after a while, each answered by one at a time.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { ChanceryError } from '../base/errors.ts';
import type { LoginFlow, LoginStep, NewAccount } from '../networks/login.ts';
import type { ControlStep, OpenLogin } from './control-step.ts';

const maxPending = 8;
const idleMs = 10 * 60_000;
const stepMs = 60_000;

interface Pending {
  readonly flow: LoginFlow;
  readonly keep: (account: NewAccount) => Promise<void>;
  usedAt: number;
  busy: boolean;
}

export class PendingLogins {
  readonly #clock: Clock;
  readonly #pending = new Map<string, Pending>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `keep` stores the account that the login ends with. Throws `CH-LOGIN-INVALID` when too many are open. */
  async begin(flow: LoginFlow, keep: Pending['keep']): Promise<OpenLogin> {
    this.#forgetIdle();
    if (this.#pending.size >= maxPending) {
      throw refused(`${maxPending} logins are open already; finish one, or wait ${idleMs / 60_000} minutes.`);
    }
    const id = randomUUID();
    const pending: Pending = { flow, keep, usedAt: this.#clock.now(), busy: false };
    this.#pending.set(id, pending);
    try {
      return { id, next: await this.#step(id, pending, (signal) => flow.begin(signal)) };
    } catch (thrown) {
      this.#pending.delete(id);
      throw thrown;
    }
  }

  /** The next step. A failed one may be repeated. Throws `CH-LOGIN-INVALID`, and what the network throws. */
  async answer(id: string, answers: Readonly<Record<string, string>>): Promise<ControlStep> {
    this.#forgetIdle();
    const pending = this.#pending.get(id);
    if (pending === undefined) throw refused('This login is not open any more; begin again.');
    if (pending.busy) throw refused('The answer before this one is still being checked.');
    return this.#step(id, pending, (signal) => pending.flow.answer(answers, signal));
  }

  async #step(id: string, pending: Pending, take: (signal: AbortSignal) => Promise<LoginStep>): Promise<ControlStep> {
    pending.busy = true;
    try {
      const step = await take(AbortSignal.timeout(stepMs));
      if (step.step !== 'done') return shown(step);
      await pending.keep(step.account);
      this.#pending.delete(id);
      return { step: 'done', displayName: step.account.displayName, advice: [...step.advice] };
    } finally {
      pending.busy = false;
      pending.usedAt = this.#clock.now();
    }
  }

  #forgetIdle(): void {
    for (const [id, { busy, usedAt }] of this.#pending) {
      if (!busy && this.#clock.now() - usedAt > idleMs) this.#pending.delete(id);
    }
  }
}

function shown(step: Exclude<LoginStep, { step: 'done' }>): ControlStep {
  return step.step === 'ask' ? { ...step, questions: [...step.questions] } : step;
}

const refused = (detail: string): ChanceryError => new ChanceryError('CH-LOGIN-INVALID', { detail });
