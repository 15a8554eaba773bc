/**
 * Stands between the bridge and its homeserver and passes everything on. Once, when told to, it lets a request through
 * to its end and cuts the connection before the answer is passed back: the bridge cannot know that it was carried out.
 * While there is trouble it does so, or refuses, or dawdles, with some of the requests.
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

/** `refuse`: the connection goes before anything is passed on; `cut`: after it was carried out. */
export type ProxyTrouble = 'refuse' | 'rate-limit' | 'bad-gateway' | 'slow' | 'cut';

const slowMs = 700;
const askedToWaitMs = 300;

export class CuttingProxy {
  readonly #target: string;
  readonly #server: Server;
  #trouble: { readonly kind: ProxyTrouble; readonly strikes: () => boolean } | undefined;
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

  /** From now on, for those requests for which `strikes` says so; undefined ends it. */
  set trouble(trouble: { readonly kind: ProxyTrouble; readonly strikes: () => boolean } | undefined) {
    this.#trouble = trouble;
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const trouble = this.#trouble?.strikes() === true ? this.#trouble.kind : undefined;
    switch (trouble) {
      case 'refuse':
        incoming.socket.destroy();
        return;
      case 'rate-limit':
        incoming.resume();
        outgoing.writeHead(429, { 'Content-Type': 'application/json' });
        outgoing.end(
          JSON.stringify({ errcode: 'M_LIMIT_EXCEEDED', error: 'Slow down', retry_after_ms: askedToWaitMs }),
        );
        return;
      case 'bad-gateway':
        incoming.resume();
        outgoing.writeHead(502, { 'Content-Type': 'text/html' }).end('<html>502 Bad Gateway</html>');
        return;
      case 'slow':
        setTimeout(() => this.#passOn(incoming, outgoing, this.#takeCut(incoming)), slowMs);
        return;
      case 'cut':
        this.#passOn(incoming, outgoing, cutOnly);
        return;
      case undefined:
        this.#passOn(incoming, outgoing, this.#takeCut(incoming));
    }
  }

  #takeCut({ method = 'GET', url = '/' }: IncomingMessage): Cut | undefined {
    const cut = this.#cut;
    if (cut === undefined || cut.method !== method || !cut.path.test(url)) return undefined;
    this.#cut = undefined;
    return cut;
  }

  #passOn(incoming: IncomingMessage, outgoing: ServerResponse, cut: Pick<Cut, 'then' | 'done'> | undefined): void {
    const { method = 'GET', url = '/', headers } = incoming;
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

  async #cutOff({ then, done }: Pick<Cut, 'then' | 'done'>, outgoing: ServerResponse): Promise<void> {
    await then();
    outgoing.destroy();
    done();
  }
}

const cutOnly: Pick<Cut, 'then' | 'done'> = { then: async () => undefined, done: () => undefined };
