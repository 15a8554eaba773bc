/** Lets a sent message travel: sent, delivered, read or failed, each told once, in order, with our callback data. */
import type { ChatMessage } from './chats.ts';
import type { ShiftableClock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { ErrorFacts } from './graph-error.ts';
import type { Log } from './log.ts';
import type { StatusName } from './log-entry.ts';
import type { Settings } from './settings.ts';
import type { Timers } from './timers.ts';
import { laneOf, statusValue } from './webhook-shapes.ts';
import type { Webhooks } from './webhooks.ts';

export const steps = ['sent', 'delivered', 'read'] as const;
export type Step = (typeof steps)[number];

export interface StatusWorld {
  readonly clock: ShiftableClock;
  readonly log: Log;
  readonly faults: Faults;
  readonly settings: Settings;
  readonly webhooks: Webhooks;
  readonly timers: Timers;
}

export class Statuses {
  readonly #world: StatusWorld;

  constructor(world: StatusWorld) {
    this.#world = world;
  }

  /** Goes by itself as far as the settings say. A reaction is only ever `sent`. */
  start(message: ChatMessage): void {
    const { statuses, statusDelayMs } = this.#world.settings;
    if (statuses === 'none') return;
    const farthest = message.type === 'reaction' ? 0 : steps.indexOf(statuses);
    for (const [index, step] of steps.entries())
      if (index <= farthest) this.#world.timers.after(statusDelayMs * (index + 1), () => this.advance(message, step));
  }

  fail(message: ChatMessage, error: ErrorFacts): void {
    this.#world.timers.after(this.#world.settings.statusDelayMs, () => this.#tell(message, 'failed', error));
  }

  /** Tells this step, and the earlier ones if they were not told yet. */
  advance(message: ChatMessage, goal: Step): void {
    const reached = steps.findIndex((step) => step === message.status);
    for (const step of steps.slice(reached + 1, steps.indexOf(goal) + 1)) {
      if (step === 'delivered' && this.#world.faults.fire('status-skip-delivered') !== undefined)
        message.status = 'delivered';
      else this.#tell(message, step);
    }
  }

  #tell(message: ChatMessage, status: StatusName, error?: ErrorFacts): void {
    const { log, clock, webhooks } = this.#world;
    const { account, citizen, callbackData } = message;
    message.status = status;
    log.add({
      kind: 'status',
      account: account.phoneNumberId,
      citizen: citizen.key,
      messageId: message.id,
      status,
      errorCode: error?.code,
      callbackData,
    });
    const value = statusValue(message, status, clock.seconds(), error);
    webhooks.announce({ account, field: 'messages', value, about: [message.id], lane: laneOf(account, citizen) });
  }
}
