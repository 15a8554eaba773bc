/** How fast a business may send: per person (131056) and per number (130429). Off unless the settings say otherwise. */
import type { Citizen } from './citizens.ts';
import type { ShiftableClock } from './clock.ts';
import { GraphError, pairLimit, throughputLimit } from './graph-error.ts';
import type { AccountConfig } from './options.ts';
import type { Settings } from './settings.ts';

export class Limits {
  readonly #settings: Settings;
  readonly #clock: ShiftableClock;
  readonly #lastToPerson = new Map<string, number>();
  readonly #lastSecond = new Map<string, number[]>();

  constructor(settings: Settings, clock: ShiftableClock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /**
   * Counts one message; throws the error of the limit that it breaks (and then does not count it).
   * A group has no citizen: the limit per person is not kept there.
   */
  count(account: AccountConfig, citizen: Citizen | undefined): void {
    const { pairLimitMs, throughputPerSecond } = this.#settings;
    const now = this.#clock.now();
    const pair = citizen === undefined ? undefined : `${account.phoneNumberId}/${citizen.key}`;
    if (
      pair !== undefined &&
      pairLimitMs !== null &&
      now - (this.#lastToPerson.get(pair) ?? Number.NEGATIVE_INFINITY) < pairLimitMs
    )
      throw new GraphError(pairLimit);
    if (throughputPerSecond !== null) {
      const recent = (this.#lastSecond.get(account.phoneNumberId) ?? []).filter((at) => now - at < 1_000);
      if (recent.length >= throughputPerSecond) throw new GraphError(throughputLimit);
      this.#lastSecond.set(account.phoneNumberId, [...recent, now]);
    }
    if (pair !== undefined && pairLimitMs !== null) this.#lastToPerson.set(pair, now);
  }
}
