/** Takes webhooks as a bridge would, keeps the raw bytes, and answers what it is told to: for tests of the simulator itself. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export interface ReceivedWebhook {
  readonly raw: Buffer;
  readonly signature: string | undefined;
  readonly userAgent: string | undefined;
  readonly body: unknown;
}

export class WebhookReceiver {
  readonly received: ReceivedWebhook[] = [];
  /** Answers for the next requests; 200 when there is none left. */
  readonly nextAnswers: number[] = [];
  readonly #verifyToken: string;
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  constructor(verifyToken: string) {
    this.#verifyToken = verifyToken;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return this.url;
  }

  /** Known once it has started. */
  get url(): string {
    const bound = this.#server.address();
    return `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}/webhook`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  /** The first webhook that fits, now or within `timeoutMs`. */
  async waitFor(fits: (webhook: ReceivedWebhook) => boolean, timeoutMs = 5_000): Promise<ReceivedWebhook> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const found = this.received.find(fits);
      if (found !== undefined) return found;
      const left = until - performance.now();
      if (left <= 0) throw new Error(`No such webhook within ${timeoutMs} ms; ${this.received.length} came`);
      await this.#next(left);
    }
  }

  async #next(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#waiting.add(wake);
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { searchParams } = new URL(`http://receiver${request.url ?? '/'}`);
    if (request.method === 'GET') {
      const right = searchParams.get('hub.verify_token') === this.#verifyToken;
      response.writeHead(right ? 200 : 403).end(right ? searchParams.get('hub.challenge') : 'wrong token');
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    const signature = request.headers['x-hub-signature-256'];
    this.received.push({
      raw,
      signature: typeof signature === 'string' ? signature : undefined,
      userAgent: request.headers['user-agent'],
      body: JSON.parse(raw.toString('utf8')) as unknown,
    });
    response.writeHead(this.nextAnswers.shift() ?? 200).end();
    for (const wake of [...this.#waiting]) wake();
  }
}
