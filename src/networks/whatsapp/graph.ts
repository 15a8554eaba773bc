/** Meta's Graph API: one request, and what its answer or its silence means for a message. */
import { z } from 'zod';
import { callTimer } from '../../base/call-timer.ts';
import { type HttpAnswer, type HttpCall, type HttpClient, NoAnswer } from '../../base/http-client.ts';
import type { NetworkContext } from '../contract.ts';
import type { WhatsAppConfig } from './config.ts';
import { type ErrorKind, errorCode, meaningOf } from './error-words.ts';

/** An error that WhatsApp answered with. `code` is Meta's own, `status` that of HTTP. */
export interface GraphProblem {
  readonly outcome: 'problem';
  readonly kind: ErrorKind;
  readonly words: string;
  /** Milliseconds. */
  readonly waitMs?: number;
  readonly code: number | undefined;
  readonly status: number;
}

/** `unreachable`: not a byte left. `unknown`: it may have had an effect, and nobody can tell. */
export type GraphResult =
  | { readonly outcome: 'done'; readonly json: unknown }
  | GraphProblem
  | { readonly outcome: 'unreachable'; readonly words: string }
  | { readonly outcome: 'unknown'; readonly words: string };

const errorShape = z.object({
  error: z.looseObject({
    code: errorCode.optional().catch(undefined),
    message: z.string().optional().catch(undefined),
    error_data: z
      .looseObject({ details: z.string().optional().catch(undefined) })
      .optional()
      .catch(undefined),
  }),
});

/** No wait that is asked for is longer: it would look like standing still. */
const longestWaitMs = 3_600_000;

export interface GraphOptions {
  readonly http: HttpClient;
  readonly config: Pick<WhatsAppConfig, 'graph_url' | 'graph_version'>;
  readonly token: string;
  readonly onCall: NetworkContext['onCall'];
}

/** What is asked, for those who measure how long it takes. */
export type GraphOperation =
  | 'send'
  | 'mark'
  | 'upload'
  | 'look-up'
  | 'check-number'
  | 'templates'
  | 'groups'
  | 'examine';

export class Graph {
  readonly #http: HttpClient;
  readonly #base: string;
  readonly #token: string;
  readonly #onCall: GraphOptions['onCall'];

  constructor({ http, config, token, onCall }: GraphOptions) {
    this.#http = http;
    this.#onCall = onCall;
    this.#base = `${config.graph_url.replace(/\/+$/, '')}/${config.graph_version}`;
    this.#token = token;
  }

  get authorization(): Readonly<Record<string, string>> {
    return { Authorization: `Bearer ${this.#token}` };
  }

  /** `path` begins with a slash and follows the version. */
  async ask(operation: GraphOperation, path: string, call: Omit<HttpCall, 'url'>): Promise<GraphResult> {
    const timer = callTimer((measured) => this.#onCall(operation, measured));
    try {
      const answer = await this.#http.call({
        ...call,
        url: `${this.#base}${path}`,
        headers: { ...call.headers, ...this.authorization },
      });
      timer.over(answer.status);
      return resultOf(answer);
    } catch (thrown) {
      if (!(thrown instanceof NoAnswer)) throw thrown;
      timer.over(undefined);
      return { outcome: thrown.sent ? 'unknown' : 'unreachable', words: thrown.message };
    }
  }

  post(
    operation: GraphOperation,
    path: string,
    body: object,
    signal: AbortSignal,
    method: 'POST' | 'DELETE' = 'POST',
  ): Promise<GraphResult> {
    return this.ask(operation, path, {
      method,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
  }
}

/** A gateway's error says nothing about what happened behind it; Meta's own has a code and says what became of it. */
function resultOf({ status, json, retryAfterMs }: HttpAnswer): GraphResult {
  if (status >= 200 && status < 300) {
    return json === undefined
      ? { outcome: 'unknown', words: 'WhatsApp answered something unreadable.' }
      : { outcome: 'done', json };
  }
  const error = errorShape.safeParse(json).data?.error;
  if (error?.code === undefined && (status >= 500 || status === 408))
    return { outcome: 'unknown', words: `WhatsApp answered ${status} without saying why.` };
  const { kind, words, waitMs } = meaningOf(error?.code, error?.error_data?.details ?? error?.message, status);
  const wait = Math.min(longestWaitMs, Math.max(waitMs ?? 0, retryAfterMs ?? 0));
  return { outcome: 'problem', kind, words, code: error?.code, status, ...(wait === 0 ? {} : { waitMs: wait }) };
}
