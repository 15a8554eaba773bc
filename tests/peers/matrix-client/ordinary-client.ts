/**
 * An ordinary Matrix user in an ordinary client: logs in, follows /sync, and keeps everything it saw, in the order in
 * which it saw it. It knows nothing of the bridge.
 */
import { createHash, randomUUID } from 'node:crypto';
import { openAsBlob, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface SeenEvent {
  readonly event_id: string;
  readonly room_id: string;
  readonly sender: string;
  readonly type: string;
  readonly state_key?: string;
  readonly origin_server_ts: number;
  readonly content: Readonly<Record<string, unknown>>;
}

export interface SeenReceipt {
  readonly room: string;
  readonly event: string;
  readonly user: string;
}

export interface Wait {
  readonly what: string;
  readonly timeoutMs?: number;
}

interface SyncedRoom {
  readonly timeline?: { readonly events?: readonly Omit<SeenEvent, 'room_id'>[] };
  readonly state?: { readonly events?: readonly Omit<SeenEvent, 'room_id'>[] };
  readonly ephemeral?: {
    readonly events?: readonly { readonly type: string; readonly content: Readonly<Record<string, unknown>> }[];
  };
}

interface SyncAnswer {
  readonly next_batch: string;
  readonly rooms?: {
    readonly join?: Readonly<Record<string, SyncedRoom>>;
    readonly invite?: Readonly<Record<string, unknown>>;
  };
}

const syncMs = 20_000;
/** A timeline with a gap would hide what was missed. */
const filter = JSON.stringify({ room: { timeline: { limit: 1_000 } } });
const waitMs = 20_000;

export class OrdinaryClient {
  readonly userId: string;
  /** The whole timeline of every joined room, in the order of /sync; the same event twice would be here twice. */
  readonly events: SeenEvent[] = [];
  readonly receipts: SeenReceipt[] = [];
  /** Hears of every event the moment it is seen. */
  onEvent: (event: SeenEvent) => void = () => undefined;
  /** Rooms this user was invited to, and joins. */
  readonly invitedTo: string[] = [];
  readonly url: string;
  readonly accessToken: string;
  /** Milliseconds between one answer of /sync and the next question. A client that asks at once costs more, the slower events come. */
  readonly #restMs: number;
  readonly #stopped = new AbortController();
  #waiting: (() => void)[] = [];
  #syncing: Promise<void> | undefined;

  private constructor(url: string, userId: string, token: string, restMs: number) {
    this.#restMs = restMs;
    this.url = url;
    this.userId = userId;
    this.accessToken = token;
  }

  static async login(url: string, user: string, password: string, { restMs = 0 } = {}): Promise<OrdinaryClient> {
    const body = JSON.stringify({ type: 'm.login.password', identifier: { type: 'm.id.user', user }, password });
    const answer = await fetch(`${url}/_matrix/client/v3/login`, { method: 'POST', body });
    const login = (await answer.json()) as { user_id?: string; access_token?: string; error?: string };
    if (login.user_id === undefined || login.access_token === undefined)
      throw new Error(`login of ${user}: ${String(login.error)}`);
    return new OrdinaryClient(url, login.user_id, login.access_token, restMs);
  }

  /** Follows /sync from the beginning, accepting invitations, until `stop`. A homeserver that is away is asked again. */
  start(): void {
    this.#syncing ??= this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#syncing;
  }

  /** The first event that fits, seen already or to come. */
  async waitForEvent(fits: (event: SeenEvent) => boolean, wait: Wait): Promise<SeenEvent> {
    return this.#waitFor(() => this.events.find(fits), wait);
  }

  async waitForReceipt(fits: (receipt: SeenReceipt) => boolean, wait: Wait): Promise<SeenReceipt> {
    return this.#waitFor(() => this.receipts.find(fits), wait);
  }

  /** Messages of a room as people see them: not state. */
  said(room: string): SeenEvent[] {
    return this.events.filter((event) => event.room_id === room && event.state_key === undefined);
  }

  async sendText(room: string, body: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return this.send(room, 'm.room.message', { msgtype: 'm.text', body, ...more });
  }

  async sendReply(room: string, to: string, body: string): Promise<string> {
    return this.sendText(room, body, { 'm.relates_to': { 'm.in_reply_to': { event_id: to } } });
  }

  async react(room: string, to: string, key: string): Promise<string> {
    return this.send(room, 'm.reaction', { 'm.relates_to': { rel_type: 'm.annotation', event_id: to, key } });
  }

  async edit(room: string, target: string, body: string): Promise<string> {
    const replacement = {
      'm.new_content': { msgtype: 'm.text', body },
      'm.relates_to': { rel_type: 'm.replace', event_id: target },
    };
    return this.sendText(room, `* ${body}`, replacement);
  }

  async redact(room: string, event: string): Promise<string> {
    return this.#eventId(
      await this.call(
        'PUT',
        `/rooms/${encodeURIComponent(room)}/redact/${encodeURIComponent(event)}/${randomUUID()}`,
        {},
      ),
    );
  }

  /** Uploads from disk, as a stream, and sends it. */
  async sendFile(
    room: string,
    path: string,
    file: { name: string; mime: string; msgtype: string; caption?: string },
  ): Promise<string> {
    const url = await this.upload(path, file);
    const info = { mimetype: file.mime, size: statSync(path).size };
    return this.send(room, 'm.room.message', {
      msgtype: file.msgtype,
      body: file.caption ?? file.name,
      filename: file.name,
      url,
      info,
    });
  }

  /** Uploads from disk, as a stream; resolves to the address. */
  async upload(path: string, { name, mime }: { name: string; mime: string }): Promise<string> {
    const answer = await fetch(`${this.url}/_matrix/media/v3/upload?filename=${encodeURIComponent(name)}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.accessToken}`, 'Content-Type': mime },
      body: await openAsBlob(path, { type: mime }),
    });
    const { content_uri: uri } = (await answer.json()) as { content_uri?: string };
    if (uri === undefined) throw new Error(`upload of ${name}: ${answer.status}`);
    return uri;
  }

  /** Size and SHA-256 (hex) of a file on the homeserver; nothing of it is kept. */
  async downloadHash(uri: string): Promise<{ bytes: number; sha256: string }> {
    const answer = await fetch(`${this.url}/_matrix/client/v1/media/download/${uri.slice('mxc://'.length)}`, {
      headers: { Authorization: `Bearer ${this.accessToken}` },
    });
    if (!answer.ok || answer.body === null) throw new Error(`${uri}: ${answer.status}`);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    return { bytes, sha256: hash.digest('hex') };
  }

  async markRead(room: string, event: string): Promise<void> {
    await this.call('POST', `/rooms/${encodeURIComponent(room)}/receipt/m.read/${encodeURIComponent(event)}`, {});
  }

  async typing(room: string): Promise<void> {
    await this.call('PUT', `/rooms/${encodeURIComponent(room)}/typing/${encodeURIComponent(this.userId)}`, {
      typing: true,
      timeout: 5_000,
    });
  }

  async createDirectRoom(user: string): Promise<string> {
    const { room_id: room } = (await this.call('POST', '/createRoom', {
      preset: 'private_chat',
      is_direct: true,
      invite: [user],
    })) as { room_id: string };
    return room;
  }

  async members(room: string): Promise<Readonly<Record<string, { readonly display_name?: string }>>> {
    const { joined } = (await this.call('GET', `/rooms/${encodeURIComponent(room)}/joined_members`)) as {
      joined: Record<string, { display_name?: string }>;
    };
    return joined;
  }

  async roomState(room: string): Promise<readonly SeenEvent[]> {
    return (await this.call('GET', `/rooms/${encodeURIComponent(room)}/state`)) as readonly SeenEvent[];
  }

  async send(
    room: string,
    type: string,
    content: Readonly<Record<string, unknown>>,
    transaction: string = randomUUID(),
  ): Promise<string> {
    return this.#eventId(
      await this.call('PUT', `/rooms/${encodeURIComponent(room)}/send/${type}/${transaction}`, content),
    );
  }

  /** Any request of the client-server API, below /_matrix/client/v3. Rejects with the homeserver's words. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.url}/_matrix/client/v3${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.accessToken}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: this.#stopped.signal,
    });
    const json: unknown = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
    return json;
  }

  #eventId = (answer: unknown): string => (answer as { event_id: string }).event_id;

  async #follow(): Promise<void> {
    let since: string | undefined;
    while (!this.#stopped.signal.aborted) {
      try {
        const query = since === undefined ? '' : `&since=${encodeURIComponent(since)}`;
        const answer = (await this.call(
          'GET',
          `/sync?timeout=${syncMs}&filter=${encodeURIComponent(filter)}${query}`,
        )) as SyncAnswer;
        await this.#take(answer);
        since = answer.next_batch;
        if (this.#restMs > 0) await delay(this.#restMs);
      } catch {
        await delay(200);
      }
    }
  }

  /** Joins first: when that fails nothing was taken, and the same answer comes again. */
  async #take({ rooms = {} }: SyncAnswer): Promise<void> {
    for (const room of Object.keys(rooms.invite ?? {})) {
      if (!this.invitedTo.includes(room)) this.invitedTo.push(room);
      await this.call('POST', `/rooms/${encodeURIComponent(room)}/join`, {});
    }
    for (const [room, { timeline, ephemeral }] of Object.entries(rooms.join ?? {})) {
      for (const event of timeline?.events ?? []) this.#see({ ...event, room_id: room });
      for (const { type, content } of ephemeral?.events ?? [])
        if (type === 'm.receipt') this.#takeReceipts(room, content);
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #see(event: SeenEvent): void {
    this.events.push(event);
    this.onEvent(event);
  }

  #takeReceipts(room: string, content: Readonly<Record<string, unknown>>): void {
    for (const [event, kinds] of Object.entries(content)) {
      const { 'm.read': readers = {} } = kinds as { 'm.read'?: Readonly<Record<string, unknown>> };
      for (const user of Object.keys(readers)) this.receipts.push({ room, event, user });
    }
  }

  async #waitFor<Found>(find: () => Found | undefined, { what, timeoutMs = waitMs }: Wait): Promise<Found> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${this.userId} did not see ${what}; seen last:\n${this.#lastSeen()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #lastSeen(): string {
    return this.events
      .slice(-6)
      .map(({ sender, type, content }) => `  ${sender} ${type} ${JSON.stringify(content).slice(0, 200)}`)
      .join('\n');
  }
}
