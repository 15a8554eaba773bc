/** What can be attacked: a listener or a parser, the bodies made for it, and what it promises whatever they are. */
import type { Dice } from './dice.ts';

/**
 * How a promise can be broken.
 * - `crash`: something was thrown that is no error of the catalogue, or the process ended
 * - `hang`: no answer within the bound
 * - `server_error`: a listener answered with 500 or more
 * - `stored_unaccepted`: something was stored although it was not accepted
 * - `unaccounted`: it was accepted, and a part of it is neither stored, set aside nor ignored on purpose
 * - `broken_promise`: an answer or a result that is not what its reader declares
 */
export const faultKinds = [
  'crash',
  'hang',
  'server_error',
  'stored_unaccepted',
  'unaccounted',
  'broken_promise',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export class Fault extends Error {
  override readonly name = 'Fault';
  readonly kind: FaultKind;

  constructor(kind: FaultKind, words: string) {
    super(words);
    this.kind = kind;
  }
}

/** One body and the attack with it. */
export interface Attack {
  /** What is shown when it fails. */
  readonly body: Uint8Array;
  /** Throws a `Fault`; anything else that it throws is a crash. */
  run(): void | Promise<void>;
}

/** A target that stands ready. */
export interface Stand {
  /** Draws on nothing but the dice and the index. */
  attack(dice: Dice, index: number): Attack;
  /** After everything: it does for an ordinary body what it always did. Throws a `Fault`. */
  stillWorks(): void | Promise<void>;
  close(): void | Promise<void>;
}

export interface Target {
  readonly name: string;
  /** `directory` is empty and its own. */
  open(directory: string): Stand | Promise<Stand>;
}

/** Throws a `broken_promise`. */
export function promise(holds: boolean, words: string): asserts holds {
  if (!holds) throw new Fault('broken_promise', words);
}
