/** Lets what the business said in a group travel: sent once, then delivered to and read by each who sees it. */
import type { Citizen } from './citizens.ts';
import type { ErrorFacts } from './graph-error.ts';
import type { GroupMessage } from './group-chats.ts';
import { groupLane, groupStatusValue, type ToldStatus } from './group-shapes.ts';
import type { Group } from './groups.ts';
import type { StatusName } from './log-entry.ts';
import { type StatusWorld, type Step, steps } from './statuses.ts';

export class GroupStatuses {
  readonly #world: StatusWorld;

  constructor(world: StatusWorld) {
    this.#world = world;
  }

  /** Goes by itself as far as the settings say. */
  start(message: GroupMessage): void {
    const { statuses, statusDelayMs } = this.#world.settings;
    if (statuses === 'none') return;
    for (const [index, step] of steps.slice(0, steps.indexOf(statuses) + 1).entries())
      this.#world.timers.after(statusDelayMs * (index + 1), () => {
        if (step === 'sent') this.#send(message);
        else this.#advance(message.group, reachOf(message), step);
      });
  }

  fail(message: GroupMessage, error: ErrorFacts): void {
    this.#world.timers.after(this.#world.settings.statusDelayMs, () => {
      this.#tell(message.group, 'failed', [{ message, citizen: undefined }], error);
    });
  }

  /** One member reads; what was not told as sent or delivered yet is told first. */
  read(group: Group, messages: readonly GroupMessage[], citizen: Citizen): void {
    for (const message of messages) if (!message.progress.has(citizen)) this.#send(message);
    const told = messages.map((message) => ({ message, citizen }));
    for (const step of ['delivered', 'read'] as const) this.#advance(group, told, step);
  }

  #send(message: GroupMessage): void {
    const fresh = message.audience.filter((citizen) => !message.progress.has(citizen));
    for (const citizen of fresh) message.progress.set(citizen, 'sent');
    if (fresh.length > 0) this.#tell(message.group, 'sent', [{ message, citizen: undefined }]);
  }

  #advance(group: Group, told: readonly (ToldStatus & { readonly citizen: Citizen })[], step: Step): void {
    const behind = told.filter(
      ({ message, citizen }) => steps.indexOf(message.progress.get(citizen) ?? 'sent') < steps.indexOf(step),
    );
    if (behind.length === 0) return;
    for (const { message, citizen } of behind) message.progress.set(citizen, step);
    if (step === 'delivered' && this.#world.faults.fire('status-skip-delivered') !== undefined) return;
    this.#tell(group, step, behind);
  }

  #tell(group: Group, status: StatusName, told: readonly ToldStatus[], error?: ErrorFacts): void {
    const { log, clock, webhooks } = this.#world;
    const { account, id } = group;
    for (const [message, ofMessage] of Map.groupBy(told, (each) => each.message))
      log.add({
        kind: 'group-status',
        account: account.phoneNumberId,
        group: id,
        messageId: message.id,
        status,
        citizens: ofMessage.flatMap(({ citizen }) => (citizen === undefined ? [] : [citizen.key])),
        errorCode: error?.code,
        callbackData: message.callbackData,
      });
    const value = groupStatusValue(group, status, told, clock.seconds(), error);
    const about = [...new Set(told.map(({ message }) => message.id))];
    webhooks.announce({ account, field: 'messages', value, about, lane: groupLane(account, id) });
  }
}

const reachOf = (message: GroupMessage): (ToldStatus & { readonly citizen: Citizen })[] =>
  message.audience.map((citizen) => ({ message, citizen }));
