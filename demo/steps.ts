/**
 * A step of the conversation counts only when both sides really saw it, each within the bound: the phone by WhatsApp's
 * log, the official by an ordinary client's /sync. The first that was not seen ends the play.
 */
import { within } from './within.ts';

/** What one side is expected to see, in words, and the wait for it. */
export interface Sight<Seen> {
  readonly expected: string;
  /** Rejects when it is not seen within `boundMs`. */
  readonly see: () => Promise<Seen>;
}

export interface Expected<Phone, Official> {
  readonly phone: Sight<Phone>;
  readonly official: Sight<Official>;
}

/** Does something, as one of the two sides, and tells what both must see of it. */
export type Action<Phone, Official> = () => Promise<Expected<Phone, Official>>;

export interface SideOutcome {
  readonly expected: string;
  /** How long it took; undefined when it was not seen. */
  readonly seenAfterMs: number | undefined;
  readonly problem?: string;
}

export interface Outcome {
  readonly name: string;
  readonly phone: SideOutcome;
  readonly official: SideOutcome;
}

export const boundMs = 30_000;
/** A wait that names what it missed comes first; this is for what hangs. */
const hangsMs = boundMs + 2_000;

/** A step was not seen; its outcome is the last one. */
export class NotSeen extends Error {}

export class Steps {
  readonly outcomes: Outcome[] = [];
  readonly #pause: () => Promise<void>;

  constructor(pause: () => Promise<void>) {
    this.#pause = pause;
  }

  /** What both sides saw. Throws `NotSeen`. */
  async play<Phone, Official>(
    name: string,
    action: Action<Phone, Official>,
  ): Promise<{ readonly phone: Phone; readonly official: Official }> {
    await this.#pause();
    const began = performance.now();
    const { phone, official } = await within(hangsMs, action()).catch((thrown: unknown) =>
      this.#couldNot(name, thrown),
    );
    const [onPhone, byOfficial] = await Promise.all([seen(phone, began), seen(official, began)]);
    this.outcomes.push({ name, phone: onPhone.outcome, official: byOfficial.outcome });
    if (!('found' in onPhone) || !('found' in byOfficial)) throw new NotSeen(name);
    return { phone: onPhone.found, official: byOfficial.found };
  }

  #couldNot(name: string, thrown: unknown): never {
    const side = { expected: 'that this can be done at all', seenAfterMs: undefined, problem: String(thrown) };
    this.outcomes.push({ name, phone: side, official: side });
    throw new NotSeen(name, { cause: thrown });
  }
}

type Look<Seen> = { readonly outcome: SideOutcome } | { readonly outcome: SideOutcome; readonly found: Seen };

async function seen<Seen>({ expected, see }: Sight<Seen>, began: number): Promise<Look<Seen>> {
  try {
    const found = await within(hangsMs, see());
    return { found, outcome: { expected, seenAfterMs: Math.round(performance.now() - began) } };
  } catch (thrown) {
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    return { outcome: { expected, seenAfterMs: undefined, problem } };
  }
}
