/** Meta's Graph API: one request, and what its answer or its silence means for a message. */
import { z } from 'zod';
import { type HttpCall, type HttpAnswer, type HttpClient, NoAnswer } from '../../base/http-client.ts';
import { meaningOf } from './error-words.ts';

/** `problem`: it certainly had no effect. `unknown`: it may have had. */
export type GraphResult =
  | { readonly outcome: 'done'; readonly json: unknown }
  | {
      readonly outcome: 'problem';
      readonly kind: 'account' | 'rate' | 'again' | 'refused';
      readonly words: string;
      readonly waitMs?: number;
      readonly status: number;
    }
  | { readonly outcome: 'unreachable'; readonly words: string }
  | { readonly outcome: 'unknown'; readonly words: string };

const errorShape = z.object({
  error: z.looseObject({
    code: z.coerce.number().optional().catch(undefined),
    message: z.string().optional().catch(undefined),
    error_data: z
      .looseObject({ details: z.string().optional().catch(undefined) })
      .optional()
      .catch(undefined),
  }),
});

export interface GraphOptions {
  readonly http: HttpClient;
  /** Such as `https://graph.facebook.com/v23.0`. */
  readonly base: string;
  readonly token: string;
}

export class Graph {
  readonly #options: GraphOptions;

  constructor(options: GraphOptions) {
    this.#options = options;
  }

  get authorization(): Readonly<Record<string, string>> {
    return { Authorization: `Bearer ${this.#options.token}` };
  }

  /** `path` begins with a slash and follows the version. */
  async ask(path: string, call: Omit<HttpCall, 'url'>): Promise<GraphResult> {
    const { http, base } = this.#options;
    try {
      return resultOf(
        await http.call({ ...call, url: `${base}${path}`, headers: { ...call.headers, ...this.authorization } }),
      );
    } catch (thrown) {
      if (!(thrown instanceof NoAnswer)) throw thrown;
      return { outcome: thrown.sent ? 'unknown' : 'unreachable', words: thrown.message };
    }
  }

  post(path: string, body: object, signal: AbortSignal): Promise<GraphResult> {
    return this.ask(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
  }
}

/** A gateway's error page says nothing about what happened behind it; Meta's own error says that nothing did. */
function resultOf({ status, json, retryAfterMs }: HttpAnswer): GraphResult {
  if (status >= 200 && status < 300) {
    return json === undefined
      ? { outcome: 'unknown', words: 'WhatsApp answered something unreadable.' }
      : { outcome: 'done', json };
  }
  const parsed = errorShape.safeParse(json);
  if (!parsed.success && status >= 500)
    return { outcome: 'unknown', words: `WhatsApp answered ${status} without saying why.` };
  const error = parsed.success ? parsed.data.error : undefined;
  const { kind, words, waitMs } = meaningOf(error?.code, error?.error_data?.details ?? error?.message, status);
  const wait = Math.max(waitMs ?? 0, retryAfterMs ?? 0);
  return { outcome: 'problem', kind, words, status, ...(wait === 0 ? {} : { waitMs: wait }) };
}
