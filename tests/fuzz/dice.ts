/** Chance with a memory: the same seed, target and index throw the same dice, so that every failure can be run again. */
import { createHash } from 'node:crypto';
import { seededRandom } from '../peers/whatsapp-cloud/seeded-random.ts';

export class Dice {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededRandom(seed);
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  /** True `percent` times in a hundred. */
  chance(percent: number): boolean {
    return this.#next() * 100 < percent;
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] ?? items[0];
  }
}

/** The dice of one body. */
export function diceFor(seed: number, target: string, index: number): Dice {
  return new Dice(createHash('sha256').update(`${seed}/${target}/${index}`).digest().readUInt32LE(0));
}
