/** The groups that the numbers have made: who is in them, who asks to be, and what they are called. */
import { randomBytes } from 'node:crypto';
import type { Citizen } from './citizens.ts';
import { groupIdentifier } from './identifiers.ts';
import type { AccountConfig } from './options.ts';

/** WhatsApp lets no more citizens into a group of the Cloud API; the business is not counted here. */
export const mostMembers = 8;

export interface JoinRequest {
  readonly id: string;
  readonly citizen: Citizen;
  readonly at: number;
}

export interface GroupFacts {
  readonly subject: string;
  readonly description?: string | undefined;
  readonly join_approval_mode: 'approval_required' | 'auto_approve';
}

export interface Group {
  readonly id: string;
  /** The number that made it, which is its only admin. */
  readonly account: AccountConfig;
  readonly createdAt: number;
  readonly approval: GroupFacts['join_approval_mode'];
  subject: string;
  description: string | undefined;
  inviteLink: string;
  suspended: boolean;
  deleted: boolean;
  readonly members: Set<Citizen>;
  /** Removed by the business: the invite link lets nobody of these in again. */
  readonly removed: Set<Citizen>;
  readonly joinRequests: Map<string, JoinRequest>;
  /** When any citizen last wrote in it: that opens the window for the whole group. */
  lastWritten: number | undefined;
}

export class Groups {
  readonly #byId = new Map<string, Group>();

  make(account: AccountConfig, facts: GroupFacts, now: number): Group {
    const group: Group = {
      id: groupIdentifier(account.displayPhoneNumber),
      account,
      createdAt: now,
      approval: facts.join_approval_mode,
      subject: facts.subject,
      description: facts.description,
      inviteLink: newLink(),
      suspended: false,
      deleted: false,
      members: new Set(),
      removed: new Set(),
      joinRequests: new Map(),
      lastWritten: undefined,
    };
    this.#byId.set(group.id, group);
    return group;
  }

  /** Also one that was deleted: its id is nobody else's. */
  get(id: string): Group | undefined {
    return this.#byId.get(id);
  }

  /** One that is there still, by its id or by the invite link that it has now. */
  find(idOrLink: string): Group | undefined {
    return this.active().find(({ id, inviteLink }) => id === idOrLink || inviteLink === idOrLink);
  }

  active(): readonly Group[] {
    return [...this.#byId.values()].filter(({ deleted }) => !deleted);
  }

  /** Every earlier link stops working. */
  resetLink(group: Group): void {
    group.inviteLink = newLink();
  }

  delete(group: Group): void {
    group.deleted = true;
    group.members.clear();
    group.joinRequests.clear();
  }
}

function newLink(): string {
  return `https://chat.whatsapp.com/${randomBytes(16).toString('base64url').replaceAll(/[-_]/g, 'x')}`;
}
