/** Everything that can really happen on the WhatsApp side, as the log tells it. */

export interface MediaFact {
  readonly id: string;
  readonly mime: string;
  readonly bytes: number;
  /** Lower-case hex of the bytes. */
  readonly sha256: string;
  readonly filename?: string | undefined;
}

export type StatusName = 'sent' | 'delivered' | 'read' | 'failed';
export type SignatureKind = 'right' | 'wrong' | 'missing';

interface InChat {
  /** Phone number id of the business. */
  readonly account: string;
  /** The key of the citizen: the phone number if there was one at first, else the user id. */
  readonly citizen: string;
}

interface InGroup {
  /** Phone number id of the business. */
  readonly account: string;
  readonly group: string;
}

/** Given when it was said in a group and not in the chat between two. */
interface PerhapsInGroup {
  readonly group?: string | undefined;
}

interface Carried {
  /** The object below the type's name, as it was sent. */
  readonly content: unknown;
  readonly type: string;
  readonly messageId: string;
  readonly replyTo?: string | undefined;
  readonly media?: MediaFact | undefined;
}

interface Attempt {
  /** One number for one body, however often it is sent. */
  readonly delivery: number;
  readonly attempt: number;
  readonly duplicate: boolean;
  readonly signature: SignatureKind;
  readonly bytes: number;
  /** The message ids that the body speaks of. */
  readonly about: readonly string[];
}

export type LogFact =
  | (InChat & PerhapsInGroup & Carried & { readonly kind: 'citizen-message'; readonly forwarded?: boolean | undefined })
  | (InChat & PerhapsInGroup & ReactionFact & { readonly kind: 'citizen-reaction' })
  | (InChat & PerhapsInGroup & { readonly kind: 'citizen-read'; readonly messageIds: readonly string[] })
  | (InChat & Carried & BusinessFact & { readonly kind: 'business-message' })
  | (InChat & ReactionFact & BusinessFact & { readonly kind: 'business-reaction' })
  | (InChat & StatusFact & { readonly kind: 'status' })
  | (InChat & { readonly kind: 'read-mark' | 'typing'; readonly messageId: string })
  | (InGroup & Carried & GroupMessageFact & { readonly kind: 'group-message' })
  | (InGroup & StatusFact & { readonly kind: 'group-status'; readonly citizens: readonly string[] })
  | (GroupChangeFact & { readonly kind: 'group-change' })
  | { readonly kind: 'media-upload'; readonly account: string; readonly media: MediaFact }
  | { readonly kind: 'media-download'; readonly account: string; readonly mediaId: string; readonly bytes: number }
  | (Attempt & { readonly kind: 'webhook-delivered'; readonly httpStatus: number; readonly ms: number })
  | (Attempt & WebhookFailure & { readonly kind: 'webhook-failed' })
  | GraphErrorFact
  | {
      readonly kind: 'connection-cut';
      readonly stage: 'before-accept' | 'after-accept';
      readonly path: string;
      readonly messageId?: string | undefined;
    }
  | { readonly kind: 'fault-fired'; readonly fault: string; readonly faultId: number };

export interface ReactionFact {
  readonly messageId: string;
  readonly target: string;
  /** Null: the reaction was taken back. */
  readonly emoji: string | null;
}

export interface BusinessFact {
  readonly callbackData?: string | undefined;
  /** False when it was accepted but will be reported as failed. */
  readonly reachesCitizen: boolean;
}

export interface GroupMessageFact {
  readonly callbackData?: string | undefined;
  /** The keys of those who see it; nobody when it was accepted but will be reported as failed. */
  readonly reaches: readonly string[];
}

export interface GroupChangeFact {
  readonly account: string;
  /** Null: it could not be made. */
  readonly group: string | null;
  /** The `type` in the webhook. */
  readonly change: string;
  /** The keys of those who came, left, asked or were removed. */
  readonly citizens: readonly string[];
  readonly requestId?: string | undefined;
  readonly errorCode?: number | undefined;
}

export interface StatusFact {
  readonly messageId: string;
  readonly status: StatusName;
  readonly errorCode?: number | undefined;
  readonly callbackData?: string | undefined;
}

interface WebhookFailure {
  readonly httpStatus: number | null;
  readonly reason: string;
  readonly ms: number;
  /** Null: it will not be sent again. */
  readonly retryInMs: number | null;
}

interface GraphErrorFact {
  readonly kind: 'graph-error';
  readonly method: string;
  readonly path: string;
  readonly httpStatus: number;
  readonly code: number | null;
  readonly message: string;
}

export type LogEntry = LogFact & {
  /** 1, 2, 3 ... without a gap. */
  readonly seq: number;
  /** Milliseconds since the epoch on the simulator's (shiftable) clock. */
  readonly at: number;
};

export type LogKind = LogEntry['kind'];
export type EntryOf<K extends LogKind> = Extract<LogEntry, { readonly kind: K }>;
