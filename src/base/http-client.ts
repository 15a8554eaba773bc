/**
 * The one way out by HTTP. Only hosts that the configuration named are reached, redirects are not followed, answers
 * are bounded, and what failed before a byte left is told apart from what may have arrived.
 */
import type { Readable } from 'node:stream';
import { Agent, type Dispatcher, request } from 'undici';
import { readBounded, retryAfterMs } from './answer-body.ts';
import { ChanceryError, type ErrorCode, messageOf, systemCodeOf } from './errors.ts';
import { parseJson } from './json.ts';

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | Readable;
  readonly signal?: AbortSignal;
  /** How long the answer's first byte may take, in milliseconds. */
  readonly timeoutMs?: number;
}

export interface HttpAnswer {
  readonly status: number;
  /** The parsed body; undefined when it is not JSON. */
  readonly json: unknown;
  /** What Retry-After asks for, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

export interface StreamedAnswer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: Dispatcher.ResponseData['body'];
}

/** No answer came. `sent` is false when the request certainly never left. */
export class NoAnswer extends ChanceryError {
  readonly sent: boolean;
  constructor(code: ErrorCode, sent: boolean, cause: unknown) {
    super(code, { detail: messageOf(cause), cause });
    this.sent = sent;
  }
}

const answerLimitBytes = 16 * 1024 * 1024;
/** Failures of name lookup, connecting and the certificate: not a byte of the request was written. */
const neverLeft = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

export class HttpClient {
  readonly #agent: Agent;
  readonly #hosts: ReadonlySet<string>;
  readonly #unreachable: ErrorCode;

  /** `origins` are URLs or bare host names; a bare name stands for HTTPS on its standard port. */
  constructor(
    origins: readonly string[],
    { unreachable, connections = 64 }: { unreachable: ErrorCode; connections?: number },
  ) {
    this.#hosts = new Set(
      origins.map((origin) => new URL(origin.includes('://') ? origin : `https://${origin}`).origin),
    );
    this.#unreachable = unreachable;
    this.#agent = new Agent({ connections, pipelining: 1, keepAliveTimeout: 30_000, connect: { timeout: 10_000 } });
  }

  /** Any status is an answer; throws `NoAnswer` when there is none. */
  async call(call: HttpCall): Promise<HttpAnswer> {
    const { status, headers, body } = await this.stream(call);
    try {
      const bytes = await readBounded(body, answerLimitBytes);
      return { status, json: jsonOf(bytes), retryAfterMs: retryAfterMs(headers['retry-after']) };
    } catch (cause) {
      throw new NoAnswer(this.#unreachable, true, cause);
    }
  }

  /** As `call`, but hands over the body as a stream, which must be consumed or destroyed. */
  async stream({ method, url, headers = {}, body, signal, timeoutMs = 60_000 }: HttpCall): Promise<StreamedAnswer> {
    this.#guard(url);
    if (signal?.aborted === true) throw new NoAnswer(this.#unreachable, false, signal.reason);
    try {
      const answer = await request(url, {
        method,
        headers: { ...headers },
        body: body ?? null,
        signal: signal ?? null,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        dispatcher: this.#agent,
      });
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    } catch (cause) {
      throw new NoAnswer(this.#unreachable, !neverLeft.has(systemCodeOf(cause) ?? ''), cause);
    }
  }

  /** Whether the configuration named this host. */
  reaches(url: string): boolean {
    return URL.canParse(url) && this.#hosts.has(new URL(url).origin);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #guard(url: string): void {
    if (this.reaches(url)) return;
    throw new ChanceryError(this.#unreachable, {
      place: new URL(url).origin,
      detail: 'This host is not named in the configuration.',
    });
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch {
    return undefined;
  }
}
