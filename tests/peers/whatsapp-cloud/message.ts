/** What every message has, in a chat between two and in a group. */
import type { MediaFact } from './log-entry.ts';
import type { AccountConfig } from './options.ts';

export interface Message {
  readonly id: string;
  readonly account: AccountConfig;
  readonly from: 'citizen' | 'business';
  readonly type: string;
  readonly content: unknown;
  readonly at: number;
  readonly replyTo: string | undefined;
  readonly media: MediaFact | undefined;
  readonly callbackData: string | undefined;
}

/** The words that are seen: the text or the caption. */
export function wordsOf({ content }: Pick<Message, 'content'>): string | null {
  if (typeof content !== 'object' || content === null) return null;
  if ('caption' in content && typeof content.caption === 'string') return content.caption;
  if (!('body' in content)) return null;
  if (typeof content.body === 'string') return content.body;
  const { body } = content;
  const nested = typeof body === 'object' && body !== null && 'text' in body ? body.text : null;
  return typeof nested === 'string' ? nested : null;
}
