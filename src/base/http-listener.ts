/**
 * The one kind of HTTP server in the house. Every route bounds its body before reading it, may refuse by header before
 * a byte of body is read, and answers errors of the catalogue as `{errcode, error, advice}` with their status.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ChanceryError, messageOf, systemCodeOf } from './errors.ts';
import type { Log } from './logging.ts';

export interface HttpRequest {
  /** Values of the `:name` segments of the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export interface HttpReply {
  readonly status: number;
  /** Sent as JSON; a string is sent as plain text, a stream as its bytes: where it breaks, the connection does. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Segments; `:name` takes one segment. */
  readonly path: string;
  readonly maxBodyBytes: number;
  /** Throws to refuse before the body is read. */
  readonly authorise?: (headers: IncomingHttpHeaders) => void;
  readonly handle: (request: HttpRequest) => Promise<HttpReply>;
}

export interface HttpListenerOptions {
  /**
   * Somebody who was let in and kept the connection open has gone without a word: the process at the other end may have
   * died. Strangers' connections say nothing.
   */
  readonly onPeerGone?: () => void;
}

export type ListenAddress = { readonly host: string; readonly port: number } | { readonly socketPath: string };

const bodiesInFlightBytes = 64 * 1024 * 1024;
const secondsBeforeRetry = '2';
/** How long nobody may take a byte of a stream. */
const streamIdleMs = 60_000;

export class HttpListener {
  readonly #server: Server;
  readonly #routes: readonly Route[];
  readonly #log: Log;
  readonly #onPeerGone: (() => void) | undefined;
  readonly #watched = new WeakSet<Socket>();
  readonly #streams = new Set<Readable>();
  #bytesInFlight = 0;
  #stopping = false;

  constructor(routes: readonly Route[], log: Log, { onPeerGone }: HttpListenerOptions = {}) {
    this.#routes = routes;
    this.#log = log;
    this.#onPeerGone = onPeerGone;
    this.#server = createServer(
      { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 75_000, maxHeaderSize: 16_384 },
      (request, response) => void this.#serve(request, response),
    );
    // Else Node.js would ask for the body before anything could refuse it.
    this.#server.on('checkContinue', (request, response) => void this.#serve(request, response));
    this.#server.maxConnections = 2_000;
  }

  /** Resolves to the port (0 for a socket path). Throws `CH-LISTEN-FAILED`. */
  async start(address: ListenAddress): Promise<number> {
    const where = 'socketPath' in address ? { path: address.socketPath } : { host: address.host, port: address.port };
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => {
        const place = 'socketPath' in address ? address.socketPath : `${address.host}:${address.port}`;
        reject(new ChanceryError('CH-LISTEN-FAILED', { place, detail: messageOf(error), cause: error }));
      });
      this.#server.listen(where, resolve);
    });
    const bound = this.#server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : 0;
  }

  /** Takes no new request and resolves when those in hand are answered. Streams are broken off. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#stopping = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    for (const stream of this.#streams) stream.destroy();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      this.#reply(await this.#answer(request, response), request, response);
    } catch (thrown) {
      this.#reply(this.#refusal(thrown), request, response);
    }
  }

  #reply({ status, body, headers }: HttpReply, { complete }: IncomingMessage, response: ServerResponse): void {
    if (!complete || this.#stopping) response.setHeader('Connection', 'close');
    if (body instanceof Readable) {
      response.writeHead(status, { 'Content-Type': 'application/octet-stream', ...headers });
      void this.#stream(body, response);
      return;
    }
    const isText = typeof body === 'string';
    const payload = isText ? body : JSON.stringify(body);
    response.writeHead(status, {
      'Content-Type': isText ? 'text/plain; charset=utf-8' : 'application/json',
      ...headers,
    });
    response.end(payload);
  }

  async #stream(body: Readable, response: ServerResponse): Promise<void> {
    this.#streams.add(body);
    response.setTimeout(streamIdleMs, () => response.destroy());
    // What came after the last look of `stop` ends as well.
    if (this.#stopping) body.destroy();
    try {
      await pipeline(body, response);
    } catch (thrown) {
      // Whoever broke off is no trouble of ours.
      if (systemCodeOf(thrown) !== 'ERR_STREAM_PREMATURE_CLOSE')
        this.#log.warn({ err: thrown }, 'an answer broke off before its end');
    } finally {
      this.#streams.delete(body);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<HttpReply> {
    if (this.#stopping) throw new ChanceryError('CH-HTTP-STOPPING');
    const url = new URL(`http://listener${request.url?.startsWith('/') === true ? request.url : '/'}`);
    const { route, params } = this.#find(request.method ?? '', url.pathname);
    route.authorise?.(request.headers);
    if (response.shouldKeepAlive && route.authorise !== undefined) this.#watch(request.socket);
    const body = await this.#read(request, response, route.maxBodyBytes);
    try {
      return await route.handle({ params, query: url.searchParams, headers: request.headers, body });
    } finally {
      this.#bytesInFlight -= body.length;
    }
  }

  #watch(socket: Socket): void {
    const onPeerGone = this.#onPeerGone;
    if (onPeerGone === undefined || this.#watched.has(socket)) return;
    this.#watched.add(socket);
    let isTold = false;
    const gone = (): void => {
      if (isTold || !this.#server.listening) return;
      isTold = true;
      onPeerGone();
    };
    socket.once('end', gone).once('error', gone);
  }

  #find(method: string, path: string): { route: Route; params: Record<string, string> } {
    const allowed: string[] = [];
    for (const route of this.#routes) {
      const params = match(route.path, path);
      if (params === undefined) continue;
      if (route.method === method) return { route, params };
      allowed.push(route.method);
    }
    if (allowed.length > 0) throw new WrongMethod(allowed.join(', '));
    throw new ChanceryError('CH-HTTP-NOT-FOUND');
  }

  async #read(request: IncomingMessage, response: ServerResponse, limit: number): Promise<Uint8Array> {
    const tooLarge = (): ChanceryError =>
      new ChanceryError('CH-HTTP-TOO-LARGE', { detail: `At most ${limit} bytes are taken.` });
    if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge();
    if (request.headers.expect !== undefined) response.writeContinue();
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        size += chunk.length;
        this.#bytesInFlight += chunk.length;
        if (size > limit) throw tooLarge();
        if (this.#bytesInFlight > bodiesInFlightBytes) throw new ChanceryError('CH-STORE-BUSY');
        chunks.push(chunk);
      }
    } catch (thrown) {
      this.#bytesInFlight -= size;
      throw thrown;
    }
    return Buffer.concat(chunks);
  }

  #refusal(thrown: unknown): HttpReply {
    const error = thrown instanceof ChanceryError ? thrown : new ChanceryError('CH-HTTP-INTERNAL', { cause: thrown });
    // Whoever broke off gets no answer, and is no trouble of ours.
    if (error.status >= 500 && systemCodeOf(thrown) !== 'ECONNRESET')
      this.#log.warn({ err: thrown }, 'a request could not be answered');
    return {
      status: error.status,
      body: { errcode: error.code, error: error.message, advice: error.advice },
      ...(error.status === 503 ? { headers: { 'Retry-After': secondsBeforeRetry } } : {}),
      ...(error instanceof WrongMethod ? { headers: { Allow: error.allowed } } : {}),
    };
  }
}

/** RFC 9110, section 15.5.6: it names the methods that are offered. */
class WrongMethod extends ChanceryError {
  readonly allowed: string;

  constructor(allowed: string) {
    super('CH-HTTP-METHOD', { detail: `Offered: ${allowed}.` });
    this.allowed = allowed;
  }
}

/** The decoded `:name` segments when the path fits the pattern. */
function match(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? '';
    if (!segment.startsWith(':')) {
      if (segment !== value) return undefined;
      continue;
    }
    try {
      params[segment.slice(1)] = decodeURIComponent(value);
    } catch {
      return undefined;
    }
  }
  return params;
}
