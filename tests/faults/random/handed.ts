/** What people handed in: a citizen to WhatsApp, or an official to the homeserver, and both said that they have it. */

interface Common {
  /** Stands in the words of it, and nowhere else. */
  readonly token: string;
  readonly citizen: string;
  /** When it was handed in, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** What it answers or reacts to. */
  readonly replyTo?: Handed;
  readonly emoji?: string;
  /** Lower-case hex of the file that came with it. */
  readonly sha256?: string;
}

export interface HandedIn extends Common {
  readonly side: 'in';
  readonly kind: 'text' | 'media' | 'reaction';
  readonly words: string;
  readonly message: string;
}

export interface HandedOut extends Common {
  readonly side: 'out';
  readonly kind: 'text' | 'media' | 'reaction' | 'poll-end';
  /** What reaches the phone, in this order: the words of each. */
  readonly pieces: readonly string[];
  readonly event: string;
  /** WhatsApp has no such thing, or does not reach this person. */
  readonly isRefused: boolean;
}

export type Handed = HandedIn | HandedOut;
