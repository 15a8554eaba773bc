/**
 * An answer of the homeserver, read to its end within bounds. Its depth is not judged here: one event that somebody
 * nested absurdly must not make a whole page of history unreadable.
 */
import { keptWaitMs, readBounded, retryAfterMs } from '../base/answer-body.ts';
import type { HttpAnswer, StreamedAnswer } from '../base/http-client.ts';
import { member } from './json-object.ts';

const maxAnswerBytes = 16 * 1024 * 1024;

/** Throws when the connection breaks or the answer is longer than 16 MiB. `json` is undefined for anything else. */
export async function readAnswer({ status, headers, body }: StreamedAnswer): Promise<HttpAnswer> {
  const bytes = await readBounded(body, maxAnswerBytes);
  const json = parse(bytes.toString('utf8'));
  return { status, json, retryAfterMs: waitAskedFor(headers['retry-after'], member(json, 'retry_after_ms')) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Milliseconds; the header replaces the member (client-server API, "Rate limiting"). */
function waitAskedFor(header: string | string[] | undefined, inBody: unknown): number | undefined {
  const fromHeader = retryAfterMs(header);
  if (fromHeader !== undefined) return fromHeader;
  return typeof inBody === 'number' ? keptWaitMs(inBody) : undefined;
}
