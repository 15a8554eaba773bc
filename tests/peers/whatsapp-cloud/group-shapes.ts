/** The values of the webhooks about groups, key by key as in Meta's pages "Webhooks for Groups API" and "Business-scoped user IDs". */
import { createHash } from 'node:crypto';
import type { Citizen } from './citizens.ts';
import { type ErrorFacts, webhookError } from './graph-error.ts';
import type { GroupMessage } from './group-chats.ts';
import type { Group } from './groups.ts';
import type { StatusName } from './log-entry.ts';
import type { AccountConfig } from './options.ts';
import { contactOf, envelope, phoneOf, userOf, type WebhookValue } from './webhook-shapes.ts';

/** The `type` of an element of `groups[]`, and the field that brings it. */
export const fieldOfChange = {
  group_create: 'group_lifecycle_update',
  group_delete: 'group_lifecycle_update',
  group_participants_add: 'group_participants_update',
  group_participants_remove: 'group_participants_update',
  group_join_request_created: 'group_participants_update',
  group_join_request_revoked: 'group_participants_update',
  group_settings_update: 'group_settings_update',
  group_suspend: 'group_status_update',
  group_suspend_cleared: 'group_status_update',
} as const;

export type GroupChange = keyof typeof fieldOfChange;

export function changeValue(account: AccountConfig, change: object): object {
  return { ...envelope(account), groups: [change] };
}

/** A person as the lists of participants and join requests name them. */
export function personOf(citizen: Citizen): object {
  const username = citizen.username === undefined ? {} : { username: citizen.username };
  return { ...phoneOf(citizen, 'wa_id'), ...userOf(citizen, 'user_id'), ...username };
}

export const inputOf = (citizen: Citizen): string => citizen.phone ?? citizen.userId ?? citizen.key;

/** The lane of a group: what happens in it is told in order. */
export const groupLane = (account: AccountConfig, groupId: string): string => `${account.phoneNumberId}/${groupId}`;

export interface ToldStatus {
  readonly message: GroupMessage;
  /** Whom it reached or who read it; `sent` and `failed` are about the whole group. */
  readonly citizen: Citizen | undefined;
}

/** Several statuses of one kind and one group come together, as Meta aggregates them. */
export function groupStatusValue(
  { account, id: recipient }: Group,
  status: StatusName,
  told: readonly ToldStatus[],
  at: string,
  error?: ErrorFacts,
): WebhookValue {
  const people = [...new Set(told.flatMap(({ citizen }) => (citizen?.userId === undefined ? [] : [citizen])))];
  return {
    ...envelope(account),
    ...(people.length === 0 ? {} : { contacts: people.map((citizen) => contactOf(citizen, true)) }),
    statuses: told.map(({ message, citizen }) => ({
      id: message.id,
      status,
      timestamp: at,
      recipient_id: recipient,
      recipient_type: 'group',
      ...(citizen === undefined ? {} : phoneOf(citizen, 'recipient_participant_id')),
      ...(citizen === undefined ? {} : userOf(citizen, 'recipient_participant_user_id')),
      ...(message.callbackData === undefined ? {} : { biz_opaque_callback_data: message.callbackData }),
      ...(status === 'delivered' ? billingOf(message) : {}),
      ...(error === undefined ? {} : { errors: [webhookError(error)] }),
    })),
  };
}

/** In groups each message is a conversation of its own (Meta's page "Groups API pricing"). */
function billingOf({ id, type, charged }: GroupMessage): object {
  const category = type === 'template' ? 'group_utility' : 'group_service';
  const priced = charged ? 'regular' : 'free_group_customer_service';
  return {
    conversation: { id: createHash('md5').update(id).digest('hex'), origin: { type: category } },
    pricing: { billable: charged, pricing_model: 'PMP', type: priced, category },
  };
}
