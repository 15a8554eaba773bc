/** Who asks for what only an officer may do has to prove it: one challenge for one order, for two minutes. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { equalSecrets } from '../base/constant-time.ts';
import { ChanceryError } from '../base/errors.ts';
import { answerTo, makeChallenge } from '../vault/officer-challenge.ts';

/** An order, as the text over which the answer was made. */
export interface ProvenOrder {
  readonly challenge: string;
  readonly order: string;
  readonly answer: string;
}

interface Open {
  readonly recipient: string;
  readonly secret: Uint8Array;
  readonly since: number;
}

const maxOpen = 32;
const openMs = 2 * 60_000;

export class Challenges {
  readonly #recipients: readonly string[];
  readonly #clock: Clock;
  readonly #open = new Map<string, Open>();

  /** `recipients` are the public keys of the officers. */
  constructor(recipients: readonly string[], clock: Clock) {
    this.#recipients = recipients;
    this.#clock = clock;
  }

  /** For the officer with this public key. Throws `CH-OFFICER-UNPROVEN` for one who is none. */
  async begin(recipient: string): Promise<{ readonly id: string; readonly sealed: string }> {
    if (!this.#recipients.includes(recipient)) throw unproven('This public key is not in records.recipients.');
    const { secret, sealed } = await makeChallenge(recipient);
    const id = randomUUID();
    // The oldest makes room, so that nobody can keep an officer out by asking.
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size >= maxOpen) this.#open.delete(oldest);
    this.#open.set(id, { recipient, secret, since: this.#clock.now() });
    return { id, sealed };
  }

  /** The public key of the officer who gives this order. Throws `CH-OFFICER-UNPROVEN`; the challenge is used up. */
  answered({ challenge, order, answer }: ProvenOrder): string {
    const open = this.#open.get(challenge);
    this.#open.delete(challenge);
    if (open === undefined || this.#clock.now() - open.since > openMs)
      throw unproven('The challenge is not open any more; begin again.');
    if (!equalSecrets(answer, answerTo(open.secret, order))) throw unproven('The answer is not of this key and order.');
    return open.recipient;
  }
}

const unproven = (detail: string): ChanceryError => new ChanceryError('CH-OFFICER-UNPROVEN', { detail });
