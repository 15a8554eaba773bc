/**
 * Requests to the homeserver, each in the name of one of our users and its device, each with an end, each answer
 * checked for its shape before anyone uses it.
 */
import type { Readable } from 'node:stream';
import { MatrixClient } from '@vector-im/matrix-bot-sdk';
import { z } from 'zod';
import { callTimer } from '../base/call-timer.ts';
import { ChanceryError } from '../base/errors.ts';
import { type HttpCall, HttpClient, NoAnswer, type StreamedAnswer } from '../base/http-client.ts';
import type { MeasuredCall } from '../base/metrics.ts';
import type { UserId } from '../model/ids.ts';
import type { Acting } from './acting.ts';
import { carriedBy, failureOf, installTransport, unreachable } from './bot-sdk-transport.ts';
import { HomeserverError, refusalOf } from './homeserver-error.ts';
import { readAnswer } from './read-answer.ts';
import type { UrlPath } from './url-path.ts';

/** A user whose device does not exist yet, or nobody: the registration's sender. */
export type Actor = Acting | { readonly user: UserId } | undefined;

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Ask {
  readonly as: Actor;
  readonly method: HttpCall['method'];
  readonly path: UrlPath;
  readonly query?: Query;
  readonly body?: object;
  /** How long it may take altogether; 60 s unless told. */
  readonly timeoutMs?: number;
}

export interface StreamAsk extends Omit<Ask, 'body' | 'timeoutMs'> {
  readonly body?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** What the homeserver tells everybody: a token that it does not know would keep it from telling. */
  readonly isAnonymous?: boolean;
  /** How long nothing may move. */
  readonly idleMs: number;
}

/** `route` has no id in it. */
export type OnRequest = (method: string, route: string, call: MeasuredCall) => void;

const clientsKept = 256;
const defaultTimeoutMs = 60_000;

export class Requests {
  readonly #url: string;
  readonly #token: string;
  readonly #http: HttpClient;
  readonly #clients = new Map<string, MatrixClient>();
  readonly #onRequest: OnRequest | undefined;

  constructor(url: string, token: string, onRequest?: OnRequest) {
    installTransport();
    this.#url = url.replace(/\/+$/, '');
    this.#token = token;
    this.#onRequest = onRequest;
    this.#http = new HttpClient([url], { unreachable: 'CH-HOMESERVER-UNREACHABLE' });
  }

  /** Throws `HomeserverError`; an answer of another shape is one of kind `again`. */
  async ask<Answer>(
    shape: z.ZodType<Answer>,
    { as, method, path, query, body, timeoutMs = defaultTimeoutMs }: Ask,
  ): Promise<Answer> {
    const client = this.#clientOf(as);
    const answer: unknown = await this.#measured(method, path, () =>
      within(timeoutMs, (signal) =>
        carriedBy({ http: this.#http, signal }, () =>
          client.doRequest(method, path.text, present(query), body, timeoutMs, false, undefined, false, {
            errorHandler: failureOf,
          }),
        ),
      ),
    );
    const parsed = shape.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new HomeserverError({
      kind: 'again',
      status: 200,
      place: `${method} ${path.text}`,
      detail: `Its answer is not of the documented shape: ${z.prettifyError(parsed.error)}`,
    });
  }

  /** As `ask`, but bytes either way and never whole in memory. The answer's body must be consumed or destroyed. */
  async stream(ask: StreamAsk): Promise<StreamedAnswer> {
    return this.#measured(ask.method, ask.path, () => this.#stream(ask));
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  async #stream({
    as,
    method,
    path,
    query,
    headers,
    body,
    signal,
    idleMs,
    isAnonymous = false,
  }: StreamAsk): Promise<StreamedAnswer> {
    const url = new URL(`${this.#url}${path.text}`);
    for (const [key, value] of Object.entries<string | number>({ ...present(query), ...masquerade(as) })) {
      url.searchParams.set(key, String(value));
    }
    const place = `${method} ${path.text}`;
    try {
      const answer = await this.#http.stream({
        method,
        url: url.href,
        headers: { ...(isAnonymous ? {} : { Authorization: `Bearer ${this.#token}` }), ...headers },
        timeoutMs: idleMs,
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
      if (answer.status >= 200 && answer.status < 300) return answer;
      throw refusalOf(place, await readAnswer(answer));
    } catch (thrown) {
      body?.destroy();
      // What is wrong with the file that was to be sent says nothing about the homeserver.
      if (thrown instanceof NoAnswer && thrown.cause instanceof ChanceryError) throw thrown.cause;
      throw thrown instanceof HomeserverError ? thrown : unreachable(place, thrown);
    }
  }

  async #measured<Answer>(method: string, { route }: UrlPath, request: () => Promise<Answer>): Promise<Answer> {
    const timer = callTimer((call) => this.#onRequest?.(method, route, call));
    try {
      const answer = await request();
      timer.over(200);
      return answer;
    } catch (thrown) {
      timer.over(thrown instanceof HomeserverError && thrown.kind !== 'unreachable' ? thrown.status : undefined);
      throw thrown;
    }
  }

  /** The least recently used client is forgotten when there are too many: a client holds no state that matters. */
  #clientOf(as: Actor): MatrixClient {
    const { user_id: user, device_id: device } = masquerade(as);
    const key = `${user ?? ''} ${device ?? ''}`;
    const client = this.#clients.get(key) ?? new MatrixClient(this.#url, this.#token);
    if (user !== undefined) client.impersonateUserId(user, device);
    this.#clients.delete(key);
    this.#clients.set(key, client);
    const [oldest] = this.#clients.keys();
    if (this.#clients.size > clientsKept && oldest !== undefined) this.#clients.delete(oldest);
    return client;
  }
}

/** `AbortSignal.timeout` would keep itself and what listens to it until the time is up, however soon the answer came. */
async function within<Answer>(ms: number, work: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(new DOMException('it took too long', 'TimeoutError')), ms);
  try {
    return await work(over.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Application service API, "Identity assertion" and MSC4326. */
function masquerade(as: Actor): { user_id?: string; device_id?: string } {
  if (as === undefined) return {};
  return 'device' in as ? { user_id: as.user, device_id: as.device } : { user_id: as.user };
}

function present(query: Query = {}): Record<string, string | number> {
  const given = Object.entries(query).filter((entry): entry is [string, string | number] => entry[1] !== undefined);
  return Object.fromEntries(given);
}
