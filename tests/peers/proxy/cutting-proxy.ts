/**
 * Stands between the bridge and its homeserver, passes everything on, and once, when told to, lets a request through to
 * its end and cuts the connection before the answer is passed back: the bridge cannot know that it was carried out.
 */
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Cut {
  readonly method: string;
  readonly path: RegExp;
  /** Happens after the homeserver has answered and before anybody learns of it. */
  readonly then: () => Promise<void>;
  readonly done: () => void;
}

export class CuttingProxy {
  readonly #target: string;
  readonly #server: Server;
  #cut: Cut | undefined;
  #strike: (Cut & { readonly afterMs: number }) | undefined;

  constructor(target: string) {
    this.#target = target;
    this.#server = createServer((incoming, outgoing) => this.#pass(incoming, outgoing));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Resolves when the next request that fits was carried out and cut. */
  async cutOnce(method: string, path: RegExp, then: () => Promise<void> = async () => undefined): Promise<void> {
    await new Promise<void>((done) => {
      this.#cut = { method, path, then, done };
    });
  }

  /** Resolves when `then` has happened, so many milliseconds after the next request that fits was passed on. */
  async strikeDuring(method: string, path: RegExp, afterMs: number, then: () => Promise<void>): Promise<void> {
    await new Promise<void>((done) => {
      this.#strike = { method, path, afterMs, then, done };
    });
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = incoming;
    const cut =
      this.#cut !== undefined && this.#cut.method === method && this.#cut.path.test(url) ? this.#cut : undefined;
    if (cut !== undefined) this.#cut = undefined;
    const onward = request(`${this.#target}${url}`, { method, headers }, (answer) => {
      if (cut !== undefined) {
        answer.resume();
        answer.on('end', () => void this.#cutOff(cut, outgoing));
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
    const strike = this.#strike;
    if (strike === undefined || strike.method !== method || !strike.path.test(url)) return;
    this.#strike = undefined;
    setTimeout(() => void strike.then().then(strike.done), strike.afterMs);
  }

  async #cutOff({ then, done }: Cut, outgoing: ServerResponse): Promise<void> {
    await then();
    outgoing.destroy();
    done();
  }
}
