/** An HTTP server that answers at once, whatever it is asked, and remembers nothing. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  /** As it came: still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

export type Answering = (asked: Asked) => readonly [status: number, body: object];

export class InstantServer {
  readonly #server: Server;

  constructor(answering: Answering) {
    this.#server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
      serve(answering, request, response);
    });
  }

  /** Resolves to its URL. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function serve(answering: Answering, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const [path = '/', query] = (request.url ?? '/').split('?', 2);
    const asked = {
      method: request.method ?? '',
      path,
      query: new URLSearchParams(query),
      body: Buffer.concat(chunks),
    };
    const [status, body] = answering(asked);
    const payload = JSON.stringify(body);
    response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(payload) });
    response.end(payload);
  });
}
