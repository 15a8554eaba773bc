/** Whom something is sent to: a person, or a group, which takes less (Meta: "Group messaging"). */
import type { ChatId } from '../../model/ids.ts';
import type { AdapterState, Session } from '../contract.ts';
import { groupOf } from './group-state.ts';
import { type Address, addressOf } from './identity.ts';

export interface GroupAddress {
  readonly group: ChatId;
  /** When somebody of it wrote last. */
  readonly wroteAt: number | undefined;
  readonly closed: 'deleted' | 'suspended' | null;
}

export type Recipient = Address | GroupAddress;

export async function recipientOf(state: Pick<AdapterState, 'get'>, chat: ChatId): Promise<Recipient> {
  const group = await groupOf(state, chat);
  if (group === undefined) return addressOf(state, chat);
  return { group: chat, wroteAt: group.wroteAt, closed: group.closed?.because ?? null };
}

/** Why nothing of this kind is ever taken there as things stand, or undefined. */
export function closedTo(to: Recipient, kind: Parameters<Session['refusal']>[1]): string | undefined {
  if (!('group' in to))
    return to.phone === undefined && to.userId === undefined
      ? 'This chat cannot be answered from here: its person has left the number.'
      : undefined;
  if (to.closed === 'deleted') return 'This group was deleted.';
  if (to.closed === 'suspended') return 'WhatsApp has suspended this group. Wait until it says that this has ended.';
  return kind === 'reaction' ? 'Groups of WhatsApp take no reaction from an agency. Write it as a message.' : undefined;
}
