/**
 * A homeserver that answers everything at once and keeps nothing, so that what is measured is the bridge. As a real one
 * does, it pushes one transaction at a time, and in it also what the bridge itself has said.
 */
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'undici';
import { InstantServer, type Asked } from './instant-server.ts';

export interface Pushed {
  readonly room: string;
  readonly sender: string;
  readonly type: string;
  readonly content: unknown;
}

export interface InstantHomeserverOptions {
  /** Hears of every message that is sent into a room. */
  readonly onSent: (room: string, content: unknown) => void;
}

/** Synapse puts so many events into a transaction. */
const eventsInATransaction = 100;
const sending = /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/send\/([^/]+)\/[^/]+$/;
const receipt = /^\/_matrix\/client\/v3\/rooms\/([^/]+)\/receipt\/m\.read\/([^/]+)$/;

export class InstantHomeserver {
  readonly #options: InstantHomeserverOptions;
  readonly #server = new InstantServer((asked) => this.#answer(asked));
  readonly #agent = new Agent({ connections: 1, pipelining: 1 });
  readonly #acknowledgedMs: number[] = [];
  #events: object[] = [];
  #ephemeral: object[] = [];
  #bridge: { readonly url: string; readonly token: string } | undefined;
  #pushing: Promise<void> | undefined;
  #transactions = 0;
  /** Requests so far. */
  asked = 0;
  /** Those among them that were for the history of a room. */
  historiesAsked = 0;

  constructor(options: InstantHomeserverOptions) {
    this.#options = options;
  }

  start(): Promise<string> {
    return this.#server.start();
  }

  /** Pushes nothing more; resolves when the last transaction is taken. */
  async settle(): Promise<void> {
    this.#bridge = undefined;
    await this.#pushing;
  }

  async stop(): Promise<void> {
    await this.#agent.destroy();
    await this.#server.stop();
  }

  /** From now on transactions go to this application service. */
  pushTo(url: string, token: string): void {
    this.#bridge = { url, token };
  }

  /** Something is said in a room, and pushed as soon as the transaction before is taken. */
  say({ room, sender, type, content }: Pushed): string {
    const event_id = newEventId();
    this.#events.push({ event_id, room_id: room, sender, type, content, origin_server_ts: Date.now(), unsigned: {} });
    this.#pushing ??= this.#push();
    return event_id;
  }

  /** How long the transactions since the last call took until they were acknowledged, in milliseconds. */
  takeAcknowledged(): number[] {
    return this.#acknowledgedMs.splice(0);
  }

  async #push(): Promise<void> {
    // What is said in the same turn goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#bridge !== undefined && this.#events.length + this.#ephemeral.length > 0) {
      const events = this.#events.splice(0, eventsInATransaction);
      const ephemeral = this.#ephemeral.splice(0, eventsInATransaction);
      this.#transactions += 1;
      const { url, token } = this.#bridge;
      const began = performance.now();
      const { statusCode, body } = await request(`${url}/_matrix/app/v1/transactions/${this.#transactions}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ events, ephemeral }),
        dispatcher: this.#agent,
      });
      await body.dump();
      if (statusCode !== 200) throw new Error(`the bridge answered a transaction with ${statusCode}`);
      this.#acknowledgedMs.push(performance.now() - began);
    }
    this.#pushing = undefined;
  }

  #answer({ method, path, query, body }: Asked): readonly [status: number, body: object] {
    this.asked += 1;
    const [, room, type] = sending.exec(path) ?? [];
    if (room !== undefined && type !== undefined) return [200, { event_id: this.#sent(room, type, query, body) }];
    const [, read, event] = receipt.exec(path) ?? [];
    if (read !== undefined && event !== undefined) {
      const readers = { [query.get('user_id') ?? '']: { ts: Date.now() } };
      const content = { [decodeURIComponent(event)]: { 'm.read': readers } };
      this.#ephemeral.push({ type: 'm.receipt', room_id: decodeURIComponent(read), content });
      this.#pushing ??= this.#push();
      return [200, {}];
    }
    if (path.endsWith('/createRoom')) return [200, { room_id: newRoomId() }];
    if (path.endsWith('/ping')) return [200, { duration_ms: 1 }];
    if (path.endsWith('/messages')) {
      this.historiesAsked += 1;
      return [200, { chunk: [] }];
    }
    if (method === 'GET') return [404, { errcode: 'M_NOT_FOUND', error: 'There is nothing.' }];
    return [200, {}];
  }

  #sent(room: string, type: string, query: URLSearchParams, body: Buffer): string {
    const content: unknown = JSON.parse(body.toString());
    const place = decodeURIComponent(room);
    const event = this.say({
      room: place,
      sender: query.get('user_id') ?? '',
      type: decodeURIComponent(type),
      content,
    });
    this.#options.onSent(place, content);
    return event;
  }
}

const newEventId = (): string => `$${randomBytes(32).toString('base64url')}`;
const newRoomId = (): string => `!${randomBytes(32).toString('base64url')}`;
