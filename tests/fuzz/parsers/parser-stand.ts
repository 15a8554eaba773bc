/** A parser that needs nothing but its input: a body is made, and read, and what comes of it is judged. */
import type { Dice } from '../dice.ts';
import type { Attack, Stand, Target } from '../target.ts';

export interface Parser<Body> {
  readonly name: string;
  readonly make: (dice: Dice, index: number) => Body;
  /** Throws a `Fault` for a promise that is not kept. */
  readonly read: (body: Body) => void | Promise<void>;
  /** What it has to read afterwards as ever. */
  readonly ordinary: Body;
}

const bytesOf = (body: unknown): Uint8Array =>
  body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));

export function parserTarget<Body>({ name, make, read, ordinary }: Parser<Body>): Target {
  const stand: Stand = {
    attack(dice, index): Attack {
      const body = make(dice, index);
      return { body: bytesOf(body), run: () => read(body) };
    },
    stillWorks: () => read(ordinary),
    close: () => undefined,
  };
  return { name, open: () => stand };
}
