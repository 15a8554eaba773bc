/** Tells a change of a group twice: to the log, and to the business by webhook. */
import type { Citizen } from './citizens.ts';
import { type ErrorFacts, webhookError } from './graph-error.ts';
import { changeValue, fieldOfChange, type GroupChange, groupLane } from './group-shapes.ts';
import type { Group } from './groups.ts';
import type { AccountConfig } from './options.ts';
import type { Simulation } from './simulation.ts';

export interface GroupNews {
  readonly type: GroupChange;
  /** What the business asked for; what citizens do has none. */
  readonly requestId?: string | undefined;
  /** Whom it is about. */
  readonly citizens?: readonly Citizen[];
  /** The keys that this type has besides. */
  readonly facts?: object;
  /** Why it failed as a whole. */
  readonly error?: ErrorFacts | undefined;
}

export function tellGroup(world: Simulation, group: Group, news: GroupNews): void {
  tell(world, group.account, group.id, news);
}

/** A group that could not be made has no id. */
export function tellNotMade(world: Simulation, account: AccountConfig, news: GroupNews): void {
  tell(world, account, undefined, news);
}

function tell(world: Simulation, account: AccountConfig, groupId: string | undefined, news: GroupNews): void {
  const { type, requestId, citizens = [], facts, error } = news;
  world.log.add({
    kind: 'group-change',
    account: account.phoneNumberId,
    group: groupId ?? null,
    change: type,
    citizens: citizens.map(({ key }) => key),
    requestId,
    errorCode: error?.code,
  });
  const value = changeValue(account, {
    timestamp: world.clock.seconds(),
    ...(groupId === undefined ? {} : { group_id: groupId }),
    type,
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...facts,
    ...(error === undefined ? {} : { errors: [webhookError(error)] }),
  });
  const lane = groupLane(account, groupId ?? 'groups');
  world.webhooks.announce({ account, field: fieldOfChange[type], value, about: [], lane });
}
