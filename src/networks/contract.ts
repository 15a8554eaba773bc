/**
 * What a network must offer to become part of the house, and what it is given.
 *
 * An adapter decodes and encodes, nothing more: it does not know Matrix, it decides nothing, and it keeps its state in
 * the unit of work that the core hands it, so that its state and what it received are durable together.
 */
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/logging.ts';
import type { MeasuredCall } from '../base/metrics.ts';
import type { Capabilities } from '../model/capabilities.ts';
import type { OutboundContent, RemoteFile, SealedFile, TemplateContent } from '../model/content.ts';
import type { Finding } from '../model/finding.ts';
import type { AccountId, ChatId, NetworkId, RemoteMessageId, SendKey } from '../model/ids.ts';
import type { ContactSketch, RemoteEvent } from '../model/remote-event.ts';
import type { LoginFlow } from './login.ts';

/** What is known of a connected account. `credentials` is the adapter's own, kept encrypted. */
export interface Account {
  readonly id: AccountId;
  readonly network: NetworkId;
  readonly displayName: string;
  readonly credentials: unknown;
}

/** The adapter's own small state, inside the unit of work that stores what it received. Values are JSON. */
export interface AdapterState {
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
}

/**
 * Where an adapter delivers. `accept` resolves only when the events and the adapter's own writes are durable, together
 * or not at all; only then may the network be told "received". It throws `CH-STORE-BUSY` or `CH-STORE-FAILED`.
 */
export interface Sink {
  accept(account: AccountId, decode: (state: AdapterState) => Promise<readonly RemoteEvent[]>): Promise<void>;
  /** Keeps what nobody could decode, counted and shown to the admin; it blocks nothing. */
  quarantine(account: AccountId, reason: string, raw: Uint8Array): Promise<void>;
}

/** `reason`: for an administrator, with what to do. */
export type AccountNews = { readonly state: 'accepted' } | { readonly state: 'refused'; readonly reason: string };

export interface NetworkContext {
  readonly sink: Sink;
  readonly clock: Clock;
  readonly log: Log;
  /** To be told of every call to the network once it is over; `operation` is one of a few words, such as `send`. */
  readonly onCall: (operation: string, call: MeasuredCall) => void;
  /** Whether the network accepts the account as such. To be told with the first answer, and when it changes. */
  readonly onAccount: (account: AccountId, news: AccountNews) => void;
  /** Reads state outside a delivery, e.g. to decide whether a message may be sent. */
  stateOf(account: AccountId): Pick<AdapterState, 'get'>;
  /** Opens a sealed file for reading; the stream must be consumed or destroyed. */
  openFile(file: SealedFile): Readable;
}

/** One thing to be sent. `sendKey` goes along where the network echoes it. */
export interface Outgoing {
  readonly chat: ChatId;
  readonly sendKey: SendKey;
  readonly content: OutboundContent;
  readonly replyTo?: RemoteMessageId;
  /** What an earlier `prepare` of the same content returned, e.g. the id of the uploaded file. */
  readonly prepared?: string;
}

export interface OutgoingReaction {
  readonly chat: ChatId;
  readonly sendKey: SendKey;
  readonly target: RemoteMessageId;
  /** `null` takes the reaction back. */
  readonly emoji: string | null;
}

/**
 * What became of an attempt.
 * - `sent`: the network has it.
 * - `refused`: the network will never take it; `reason` tells the sender why and what to do.
 * - `not-sent`: it certainly did not arrive; try again, no sooner than `afterMs`.
 * - `unknown`: it may or may not have arrived; only evidence from the network can tell.
 */
export type SendResult =
  | { readonly outcome: 'sent'; readonly message: RemoteMessageId }
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'not-sent'; readonly reason: string; readonly afterMs?: number }
  | { readonly outcome: 'unknown'; readonly reason: string };

/** `refusal` says what to write instead. */
export type Resolved = { readonly chat: ChatId; readonly contact: ContactSketch } | { readonly refusal: string };

/** What people are shown of a template. `text` has its slots open. */
export interface TemplateSketch {
  readonly name: string;
  readonly language: string;
  readonly status: string;
  readonly category: string;
  readonly text: string;
  readonly parameters: number;
}

export interface Templates {
  /** As the network has them now. Throws `CH-NETWORK-UNREACHABLE` with the reason. */
  list(signal: AbortSignal): Promise<readonly TemplateSketch[]>;
  /** The text as the contact will read it, or why it cannot be sent. Throws `CH-NETWORK-UNREACHABLE`. */
  fill(
    content: TemplateContent,
    signal: AbortSignal,
  ): Promise<{ readonly text: string } | { readonly refusal: string }>;
}

/** Somebody who asks to be let into a group. */
export interface JoinRequest {
  readonly id: string;
  readonly contact: ContactSketch;
}

/**
 * Groups that the account itself makes and keeps, where the network has such. What was asked for shows in the group's
 * chat once the network has done it. All throw `CH-NETWORK-UNREACHABLE`, and `CH-COMMAND-INVALID` with what to write
 * instead.
 */
export interface Groups {
  /** Its chat appears as soon as the network has made it. */
  create(group: { readonly name: string; readonly approval: boolean }, signal: AbortSignal): Promise<void>;
  /** The link by which people join. `renew`: the former one leads nowhere from then on. */
  link(chat: ChatId, how: 'show' | 'renew', signal: AbortSignal): Promise<string>;
  members(chat: ChatId, signal: AbortSignal): Promise<readonly ContactSketch[]>;
  /** `person`: as they are listed among the members, or their number. */
  remove(chat: ChatId, person: string, signal: AbortSignal): Promise<void>;
  requests(chat: ChatId, signal: AbortSignal): Promise<readonly JoinRequest[]>;
  decide(chat: ChatId, request: string, verdict: 'approve' | 'decline', signal: AbortSignal): Promise<void>;
  rename(chat: ChatId, name: string, signal: AbortSignal): Promise<void>;
  close(chat: ChatId, signal: AbortSignal): Promise<void>;
}

/** A connected account. What a network cannot do is declared in its capabilities and never called. */
export interface Session {
  readonly account: Account;
  readonly capabilities: Capabilities;
  /** Why this chat takes no such message now (with what to do), or undefined. Asked before anything is uploaded. */
  refusal(chat: ChatId, kind: 'message' | 'reaction' | 'template'): Promise<string | undefined>;
  /** Who is meant by what a person wrote, such as a number; made known in `state`. Whether they can be reached is not asked. */
  resolve?(text: string, state: AdapterState): Promise<Resolved>;
  /** Until when the network takes free words in this chat, in milliseconds since the Unix epoch; where it has such a bound. */
  openUntil?(chat: ChatId): Promise<number | undefined>;
  /** Messages that the network has approved, where it has such. */
  readonly templates?: Templates;
  /** Where the network has groups that an account can keep. */
  readonly groups?: Groups;
  /**
   * Does what may safely be done twice before the send, such as uploading a file; the result is kept and handed to
   * `send`. Throws on trouble; the core tries again.
   */
  prepare?(content: OutboundContent, signal: AbortSignal): Promise<string | undefined>;
  send(outgoing: Outgoing, signal: AbortSignal): Promise<SendResult>;
  react(reaction: OutgoingReaction, signal: AbortSignal): Promise<SendResult>;
  markRead(chat: ChatId, message: RemoteMessageId, signal: AbortSignal): Promise<void>;
  typing(chat: ChatId, lastMessage: RemoteMessageId, signal: AbortSignal): Promise<void>;
  /** The bytes of a file; throws `CH-MEDIA-GONE` when it is lost for good, anything else is tried again. */
  fetchMedia(file: RemoteFile, signal: AbortSignal): Promise<Readable>;
  /** How the account is set up at the network, for an administrator. Changes nothing there. */
  examine?(signal: AbortSignal): Promise<readonly Finding[]>;
  /** How long evidence about an `unknown` send may take to arrive, in milliseconds. */
  readonly evidenceMs: number;
  /** True while the network accepts nothing of this account, such as after its token expired. */
  readonly isInTrouble?: boolean;
}

/** A network at work. */
export interface NetworkRuntime {
  /** Opens listeners and connections. Called once, after the accounts were connected. */
  start(): Promise<void>;
  /** Stops taking in; resolves when nothing more will be delivered. Sessions still send. */
  stop(): Promise<void>;
  /** Ends the connections of the sessions. */
  close(): Promise<void>;
  connect(account: Account): Session;
  /** What arrives for it from now on is not taken. */
  disconnect(account: AccountId): void;
  /** A login that has just begun. */
  login(): LoginFlow;
}

/** A network, as the composition knows it before anything runs. */
export interface Network<Config = unknown> {
  readonly id: NetworkId;
  readonly displayName: string;
  readonly configSchema: z.ZodType<Config>;
  create(config: Config, context: NetworkContext): NetworkRuntime;
}
