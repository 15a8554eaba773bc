/** A number that is connected as it is in production: webhooks by HTTP, the real sink, the real encrypted store. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createLog } from '../../../../src/base/logging.ts';
import { createSink } from '../../../../src/bridge/sink.ts';
import type { JournalledEvent } from '../../../../src/bridge/work.ts';
import { type AccountId, asId } from '../../../../src/model/ids.ts';
import type { RemoteEvent } from '../../../../src/model/remote-event.ts';
import type { NetworkRuntime } from '../../../../src/networks/contract.ts';
import { whatsAppConfig } from '../../../../src/networks/whatsapp/config.ts';
import { whatsapp } from '../../../../src/networks/whatsapp/network.ts';
import { openStore, type Store } from '../../../../src/store/store.ts';
import { asciiJson } from '../../../peers/whatsapp-cloud/webhook-body.ts';

export const appSecret = 'c0ffee00c0ffee00c0ffee00c0ffee00';
export const verifyToken = 'let me in';
export const phoneNumberId = '106540352242922';

export interface Answered {
  readonly status: number;
  readonly code: unknown;
}

export class ConnectedNumber {
  readonly url: string;
  readonly store: Store;
  readonly #runtime: NetworkRuntime;
  readonly #directory: string;

  private constructor(url: string, store: Store, runtime: NetworkRuntime, directory: string) {
    this.url = url;
    this.store = store;
    this.#runtime = runtime;
    this.#directory = directory;
  }

  static async open(): Promise<ConnectedNumber> {
    const directory = mkdtempSync(join(tmpdir(), 'chancery-whatsapp-'));
    const store = openStore(directory, new Uint8Array(32).fill(7));
    const port = await freePort();
    const runtime = whatsapp.create(whatsAppConfig.parse({ port, graph_url: 'http://127.0.0.1:9' }), {
      sink: createSink({ store, now: Date.now, wake: () => undefined }),
      clock: { now: Date.now },
      log: createLog('silent'),
      onCall: () => undefined,
      onAccount: () => undefined,
      stateOf: (account) => ({ get: (key) => store.read.accounts.stateOf(account, key) }),
      openFile: () => Readable.from([]),
    });
    const account = {
      id: asId<AccountId>(`whatsapp/${phoneNumberId}`),
      network: whatsapp.id,
      displayName: 'City Hall',
      credentials: { phoneNumberId, accessToken: 'EAAG', appSecret, verifyToken },
    };
    await store.write((unit) => unit.accounts.put({ ...account, createdAt: 1 }));
    runtime.connect(account);
    await runtime.start();
    return new ConnectedNumber(`http://127.0.0.1:${port}/whatsapp`, store, runtime, directory);
  }

  async close(): Promise<void> {
    await this.#runtime.stop();
    await this.#runtime.close();
    await this.store.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** As Meta posts it: escaped to ASCII, signed over those bytes. */
  deliver(body: unknown): Promise<Answered> {
    return this.post(asciiJson(body));
  }

  /** Signed rightly unless another signature is given; null sends none. */
  async post(body: Uint8Array, signature: string | null = signatureOf(body)): Promise<Answered> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(this.url, {
      method: 'POST',
      headers: signature === null ? headers : { ...headers, 'X-Hub-Signature-256': signature },
      body: new Uint8Array(body),
    });
    const json = (await answer.json()) as { errcode?: unknown };
    return { status: answer.status, code: json.errcode };
  }

  /** What waits to be shown, in order of arrival; it is done after that. */
  async arrived(): Promise<RemoteEvent[]> {
    const { journal } = this.store.read;
    const found: { readonly id: number; readonly event: RemoteEvent }[] = [];
    for (const lane of await journal.lanes('in', undefined, 1_000)) {
      for (let row = await journal.head(lane); row !== undefined; row = await journal.head(lane)) {
        const { id, payload } = row;
        found.push({ id, event: (payload as JournalledEvent).event });
        await this.store.write((unit) => unit.journal.finish(id, 'done', 1));
      }
    }
    return found.sort((one, other) => one.id - other.id).map(({ event }) => event);
  }

  /** Why things were set aside, in order of arrival. */
  async quarantined(): Promise<string[]> {
    const rows = await this.store.read.journal.needingAttention(1_000, 1_000);
    return rows.filter(({ state }) => state === 'quarantined').map(({ lastError }) => lastError ?? '');
  }

  /** Rows of the journal, whatever became of them. */
  async rows(): Promise<number> {
    return Object.values(await this.store.read.journal.counts()).reduce((sum, count) => sum + count, 0);
  }
}

export const signatureOf = (body: Uint8Array, secret = appSecret): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
