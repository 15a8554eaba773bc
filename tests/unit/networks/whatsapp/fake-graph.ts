/** A Graph API that answers what a test tells it to, and remembers what it was asked. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The body is sent as it is when it is text or bytes, else as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection ends before the body does. */
  readonly cut?: boolean;
}

export class FakeGraph {
  readonly asked: Asked[] = [];
  url = '';
  /** Undefined cuts the connection after the request was read. */
  answer: (asked: Asked) => Answer | undefined = () => accepted('wamid.sent');
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async start(): Promise<string> {
    this.asked.length = 0;
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    this.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    return this.url;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The JSON of the last request. */
  get lastBody(): unknown {
    return JSON.parse(String(this.asked.at(-1)?.body)) as unknown;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const url = new URL(request.url ?? '/', 'http://graph');
    const { method = '', headers } = request;
    const asked = { method, path: url.pathname, query: Object.fromEntries(url.searchParams), headers };
    this.asked.push({ ...asked, body: Buffer.concat(chunks) });
    const answer = this.answer({ ...asked, body: Buffer.concat(chunks) });
    if (answer === undefined) {
      request.socket.destroy();
      return;
    }
    const { status, body, headers: more = {}, cut = false } = answer;
    const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    response.writeHead(status, cut ? { ...more, 'content-length': payload.length + 1 } : more);
    if (cut) response.write(payload, () => request.socket.destroy());
    else response.end(payload);
  }
}

export const accepted = (id: unknown): Answer => ({
  status: 200,
  body: { messaging_product: 'whatsapp', contacts: [{ input: '1', wa_id: '1' }], messages: [{ id }] },
});

/** An error as Meta writes it. */
export const graphError = (status: number, code: number | string, details?: string): Answer => ({
  status,
  body: {
    error: {
      message: `(#${code}) Something`,
      type: 'OAuthException',
      code,
      ...(details === undefined ? {} : { error_data: { messaging_product: 'whatsapp', details } }),
      fbtrace_id: 'A1',
    },
  },
});
