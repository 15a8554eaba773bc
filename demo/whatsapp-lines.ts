/** How the entries of the simulator's log read in the transcript: what the citizen's phone shows, and what it reports. */
import type { LogEntry } from '../tests/peers/whatsapp-cloud/log-entry.ts';
import { about, type Line, quote, said, textMember } from './line.ts';

type Message = Extract<LogEntry, { readonly kind: 'citizen-message' | 'business-message' }>;
type Status = Extract<LogEntry, { readonly kind: 'status' }>;

const ticks = { sent: '✓ sent', delivered: '✓✓ delivered', read: '✓✓ read', failed: '✗ failed' } as const;

export class WhatsAppLines {
  readonly #citizen: string;
  readonly #business: string;
  readonly #words = new Map<string, string>();

  constructor(citizen: string, business: string) {
    this.#citizen = citizen;
    this.#business = business;
  }

  /** Undefined for what no phone shows: webhooks, transfers. */
  ofEntry(entry: LogEntry): Line | undefined {
    switch (entry.kind) {
      case 'citizen-message':
        return said(this.#message(this.#citizen, entry));
      case 'business-message':
        return entry.reachesCitizen
          ? said(this.#message(this.#business, entry))
          : about(`WhatsApp took this, but it does not reach the phone: ${wordsOf(entry) ?? entry.type}`);
      case 'citizen-reaction':
        return said(this.#reaction(this.#citizen, entry.target, entry.emoji));
      case 'business-reaction':
        return said(this.#reaction(this.#business, entry.target, entry.emoji));
      case 'status':
        return this.#status(entry);
      case 'read-mark':
        return about(`${this.#business} has read ${this.#quoted(entry.messageId)}`);
      case 'typing':
        return about(`${this.#business} is typing`);
      default:
        return undefined;
    }
  }

  #message(who: string, entry: Message): string {
    const words = wordsOf(entry);
    this.#words.set(entry.messageId, words ?? entry.type);
    const head = entry.replyTo === undefined ? who : `${who}, at ${this.#quoted(entry.replyTo)}`;
    const file = entry.media === undefined ? undefined : `[${entry.media.filename ?? entry.type}]`;
    return `${head}: ${[file, words].filter((part) => part !== undefined).join(' ')}`;
  }

  #reaction(who: string, target: string, emoji: string | null): string {
    return emoji === null
      ? `${who} takes back the reaction to ${this.#quoted(target)}`
      : `${who} reacts ${emoji} to ${this.#quoted(target)}`;
  }

  /** A reaction has no ticks on a phone. */
  #status({ status, messageId, errorCode }: Status): Line | undefined {
    if (!this.#words.has(messageId) && status !== 'failed') return undefined;
    const code = errorCode === undefined ? '' : ` (${errorCode})`;
    return about(`${ticks[status]}${code}: ${this.#quoted(messageId)}`);
  }

  #quoted(message: string): string {
    return quote(this.#words.get(message));
  }
}

/** The text, or the words below a file. */
export function wordsOf({ content }: Pick<Message, 'content'>): string | undefined {
  return textMember(content, 'caption') ?? textMember(content, 'body');
}
