/**
 * An answer of the homeserver, read to its end within bounds. Its depth is not judged here: one event that somebody
 * nested absurdly must not make a whole page of history unreadable.
 */
import type { HttpAnswer, StreamedAnswer } from '../base/http-client.ts';
import { member } from './json-object.ts';

const maxAnswerBytes = 16 * 1024 * 1024;

/** Throws when the connection breaks or the answer is longer than 16 MiB. `json` is undefined for anything else. */
export async function readAnswer({ status, headers, body }: StreamedAnswer): Promise<HttpAnswer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxAnswerBytes) throw new Error(`the answer exceeds ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  const json = parse(Buffer.concat(chunks).toString('utf8'));
  return { status, json, retryAfterMs: waitAskedFor(headers['retry-after'], member(json, 'retry_after_ms')) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Milliseconds; the header (RFC 9110, section 10.2.3) replaces the member (client-server API, "Rate limiting"). */
function waitAskedFor(header: string | string[] | undefined, inBody: unknown): number | undefined {
  const text = typeof header === 'string' ? header : '';
  const seconds = Number(text);
  const fromHeader = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - Date.now();
  if (text !== '' && Number.isFinite(fromHeader)) return Math.max(0, fromHeader);
  return typeof inBody === 'number' && Number.isFinite(inBody) ? Math.max(0, inBody) : undefined;
}
