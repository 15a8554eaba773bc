/** What a lane does about something that was thrown while it worked on its head. */
import { type BackoffOptions, backoffMs } from '../base/backoff.ts';
import { ChanceryError, messageOf } from '../base/errors.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';

/** Thrown by a handler that knows when it makes sense to look again. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain';
  readonly afterMs: number;

  constructor(reason: string, afterMs: number) {
    super(reason);
    this.afterMs = afterMs;
  }
}

export type Verdict =
  | { readonly then: 'retry'; readonly afterMs: number; readonly reason: string }
  | { readonly then: 'park'; readonly reason: string };

const elsewhere: BackoffOptions = { baseMs: 250, ceilingMs: 15_000 };
const unexpected: BackoffOptions = { baseMs: 1_000, ceilingMs: 60_000 };
/** Something nobody foresaw may pass; a lane does not hang on it unseen for longer than these attempts. */
const unexpectedAttempts = 6;

/** Refusals of the bridge as a whole, such as a wrong token: nothing is wrong with this message. */
const concernsEverything: ReadonlySet<string> = new Set(['M_UNKNOWN_TOKEN', 'M_MISSING_TOKEN', 'M_EXCLUSIVE']);

export function verdictOn(thrown: unknown, attempts: number): Verdict {
  const reason = messageOf(thrown);
  if (thrown instanceof TryAgain) return { then: 'retry', afterMs: thrown.afterMs, reason };
  if (thrown instanceof HomeserverError) {
    if (thrown.kind === 'permanent' && !concernsEverything.has(thrown.errcode ?? '')) return { then: 'park', reason };
    return { then: 'retry', afterMs: backoffMs(attempts, elsewhere, thrown.retryAfterMs), reason };
  }
  if (thrown instanceof ChanceryError) return { then: 'retry', afterMs: backoffMs(attempts, elsewhere), reason };
  if (attempts < unexpectedAttempts) return { then: 'retry', afterMs: backoffMs(attempts, unexpected), reason };
  return { then: 'park', reason };
}
