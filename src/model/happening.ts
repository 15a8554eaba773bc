/** Something that happened in a chat or in the house, in the words of the record. Times are milliseconds since the Unix epoch. */
import type { AccountId, ChatId, ContentUri, EventId, PortalId, RemoteMessageId } from './ids.ts';

export const happeningKinds = [
  'message',
  'edit',
  'deletion',
  'reaction',
  'reaction-removed',
  'receipt',
  'membership',
  'chat-info',
  'state',
  'event',
  'gap',
  'outcome',
  'act',
  'export',
  'disposal',
] as const;
export type HappeningKind = (typeof happeningKinds)[number];

/** A person as they were known at that moment: on a network, on Matrix, or on both. */
export interface Person {
  readonly id?: string;
  readonly user?: string;
  readonly name?: string;
}

/** The chat in which it happened, as it was known at that moment. */
export interface ChatThen {
  readonly id: PortalId;
  readonly accountId: AccountId;
  readonly chatId: ChatId;
  readonly name: string;
  /** JSON list of `Person`. */
  readonly people: string;
}

export interface Happening {
  readonly kind: HappeningKind;
  /** Absent for what is not of one chat. */
  readonly chat?: ChatThen;
  /** By the clock of the network or of the homeserver. */
  readonly at: number;
  readonly direction?: 'in' | 'out';
  readonly author?: Person;
  readonly content?: unknown;
  readonly media?: readonly {
    readonly sha256: string;
    readonly bytes: number;
    /** Where the homeserver has it. */
    readonly mxc?: ContentUri;
    readonly mimetype?: string;
  }[];
  /** The message that it is about. */
  readonly relates?: { readonly replyTo?: string; readonly target?: string };
  readonly event?: EventId;
  readonly remote?: RemoteMessageId;
  /** The entry whose outcome it is. */
  readonly of?: number;
  readonly state?: string;
  readonly reason?: string;
  /** Of an export: the lower-case hex SHA-512 of the list of its files. */
  readonly manifest?: string;
}

/** Where what happens is recorded, inside the transaction that changes its state. */
export interface Recorder {
  /** The number that the next entry will have; null where no record is kept. */
  readonly next: number | null;
  /** The number of its entry; null where no record is kept. */
  record(happening: Happening): Promise<number | null>;
  /** Whether this event is an entry already. */
  hasEvent(event: EventId): Promise<boolean>;
}
