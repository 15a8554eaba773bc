/** A command of the bot: what it is called, who may use it, what it takes and what it does, declared in one place. */
import type { Services } from '../bridge/bridge.ts';
import type { Place } from '../bridge/template-sending.ts';
import type { UserId } from '../model/ids.ts';

/** An admin may do what an official may. */
export type Role = 'official' | 'admin';

export interface CommandCall extends Services {
  readonly asker: UserId;
  readonly role: Role;
  readonly arguments: readonly string[];
  /** Where it was written. */
  readonly place: Place;
  /** The commands that this asker may use. */
  readonly offered: readonly Command[];
}

export interface Command {
  readonly name: string;
  /** Arguments as shown in help, e.g. `[number]`. */
  readonly usage: string;
  readonly summary: string;
  readonly example: string;
  /** Another name for it. */
  readonly alias?: string;
  readonly role: Role;
  /** The answer, as plain text. */
  run(call: CommandCall): Promise<string>;
}

/** The number that a row or a message has in a list; undefined for anything else. */
export function numberFrom(word: string | undefined): number | undefined {
  return word !== undefined && /^[1-9]\d{0,14}$/.test(word) ? Number(word) : undefined;
}

/** Whether a command goes by this name, in whatever letters it was written. */
export const isCalled =
  (written: string) =>
  ({ name, alias }: Command): boolean =>
    [name, alias].includes(written.toLowerCase());
