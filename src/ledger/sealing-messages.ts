/** What the ledger and the thread that seals tell each other. */
import type { Happening } from '../model/happening.ts';

export interface SealingThreadData {
  /** Where the database and its ledger lie. */
  readonly directory: string;
  readonly databaseKey: Uint8Array;
  readonly keysFile: string;
  readonly recipients: readonly string[];
}

/** As it waits to be sealed. */
export interface Told {
  readonly happening: Happening;
  /** The network of its chat. */
  readonly network?: string;
  /** When it was recorded, in milliseconds since the Unix epoch. */
  readonly recorded: number;
}

/** What was committed together. */
export interface Batch {
  readonly first: number;
  readonly count: number;
  /** JSON: a list of as many `Told`. */
  readonly happenings: string;
  /** Numbers of those that are to be handed back as they can be read. */
  readonly openly: readonly number[];
}

/** What was just recorded, for who may read it: whoever asked for it. */
export interface OpenEntry {
  readonly number: number;
  readonly leaf: string;
  readonly disclosures: readonly string[];
}

export type ToThread =
  | { readonly what: 'seal'; readonly batch: Batch }
  /** Somebody waits for what was handed over. */
  | { readonly what: 'hurry' }
  /** A new epoch is wanted; it begins when its wrapped key is kept. */
  | { readonly what: 'new epoch' }
  | { readonly what: 'begin epoch'; readonly id: number }
  | { readonly what: 'end' };

export type FromThread =
  | { readonly what: 'epoch'; readonly name: string; readonly wrappedKey: string }
  /** Everything below this number is on disk. */
  | { readonly what: 'sealed'; readonly below: number; readonly opened: readonly OpenEntry[] }
  /** It goes on trying. */
  | { readonly what: 'trouble'; readonly words: string };
