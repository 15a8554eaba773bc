/** The tables as Kysely sees them. Column names are snake_case in the database and camelCase here. */
import type { Generated, Selectable } from 'kysely';
import type {
  AccountId,
  ChatId,
  ContactId,
  EventId,
  JournalId,
  LaneKey,
  NetworkId,
  PartId,
  PortalId,
  RemoteMessageId,
  RoomId,
  SendKey,
  UserId,
} from '../model/ids.ts';
import type { HappeningKind } from '../model/happening.ts';
import type { MessageState } from '../model/message-state.ts';

/** `in`: from a network to Matrix. `out`: from Matrix to a network. */
export type Direction = 'in' | 'out';

/** Reactions travel as messages do, but nothing can refer to them. */
export type PartKind = 'message' | 'reaction';

/**
 * - `waiting`: to be done, after `nextTryAt` if that is set
 * - `parked`: cannot be done; its lane stands still until an admin acts
 * - `done`, `failed`: over; the payload is gone
 * - `quarantined`: nobody could read it; kept raw, blocks nothing
 */
export const journalStates = ['waiting', 'parked', 'done', 'failed', 'quarantined'] as const;
export type JournalState = (typeof journalStates)[number];

/** Whether the network accepts an account as such: its token, its permissions. */
export type AccountState = 'accepted' | 'refused';

/** What a person can choose: the room in which an admin is told something, the account that new chats are from. */
export type Choice = 'management-room' | 'account';

/** What people do that is recorded with who and when. */
export type RecordedAct =
  | 'retry'
  | 'drop'
  | 'unbridge'
  | 'delete-portal'
  | 'logout'
  | `group-${'create' | 'delete' | 'remove' | 'approve' | 'decline' | 'rename' | 'new-link'}`;

export interface Tables {
  secret: { name: string; value: Uint8Array };
  account: {
    id: AccountId;
    network: NetworkId;
    displayName: string;
    credentials: string;
    createdAt: number;
    state: Generated<AccountState>;
    stateSince: Generated<number | null>;
    stateReason: Generated<string | null>;
    toldState: Generated<AccountState>;
  };
  adapterState: { accountId: AccountId; key: string; value: string };
  portal: {
    id: Generated<PortalId>;
    accountId: AccountId;
    chatId: ChatId;
    roomId: RoomId | null;
    name: string;
    lastActivityAt: number;
    comparedUpTo: EventId | null;
    /** JSON list of `Person`: who is in it. */
    people: Generated<string>;
  };
  /** Who was ever in which chat: a contact's id or a Matrix user. */
  portalPerson: { person: string; portalId: PortalId };
  epoch: { id: Generated<number>; name: string; wrappedKey: string; beganAt: number };
  unsealed: { first: number; count: number; happenings: string };
  /** In a file of its own. */
  entry: {
    /** From 0, without a gap: its place in the tree. */
    number: number;
    portalId: PortalId;
    /** From 1, without a gap, within its chat. */
    seq: number;
    kind: HappeningKind;
    at: number;
    recordedAt: number;
    /** The event that it is. */
    eventId: EventId | null;
    epochId: number;
    leaf: Uint8Array;
    sealed: Uint8Array;
  };
  /** `entry` says who and why; `ranges` is a JSON list of `[from, to]`. */
  disposal: { id: string; at: number; entry: number; ranges: string };
  ghost: { network: NetworkId; contactId: ContactId; userId: UserId; displayName: string };
  journal: {
    id: Generated<JournalId>;
    direction: Direction;
    dedupeKey: string;
    lane: LaneKey;
    payload: string | null;
    state: JournalState;
    attempts: Generated<number>;
    nextTryAt: number | null;
    lastError: string | null;
    receivedAt: number;
    finishedAt: number | null;
    /** Why an admin took it out; the lane says so on both sides and goes on. */
    dropped: Generated<string | null>;
    /** Its entry in the ledger. */
    entry: Generated<number | null>;
  };
  part: {
    id: Generated<PartId>;
    journalId: JournalId;
    number: number;
    portalId: PortalId;
    direction: Direction;
    kind: PartKind;
    author: string;
    state: MessageState;
    sendKey: SendKey | null;
    remoteId: RemoteMessageId | null;
    eventId: EventId | null;
    progress: string | null;
    reason: string | null;
    updatedAt: number;
  };
  act: {
    id: Generated<number>;
    at: number;
    actor: UserId;
    act: RecordedAct;
    subject: string;
    reason: string | null;
  };
  choice: { userId: UserId; choice: Choice; value: string };
  puppet: {
    accountId: AccountId;
    userId: UserId;
    url: string | null;
    token: string | null;
    createdAt: number;
  };
  reaction: {
    id: Generated<number>;
    portalId: PortalId;
    partId: PartId;
    author: string;
    emoji: string;
    eventId: EventId;
  };
}

/** A sealed entry of the ledger. */
export type Entry = Selectable<Tables['entry']>;
