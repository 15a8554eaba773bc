/**
 * The webhook of WhatsApp, as it listens in production: the real listener, sink and encrypted store. Most bodies are
 * signed rightly, so that what reads them has to stand up to them.
 */
import { Readable } from 'node:stream';
import { HttpListener } from '../../../src/base/http-listener.ts';
import { createLog } from '../../../src/base/logging.ts';
import { createSink } from '../../../src/bridge/sink.ts';
import { type AccountId, asId, type NetworkId } from '../../../src/model/ids.ts';
import type { RemoteEvent } from '../../../src/model/remote-event.ts';
import type { Sink } from '../../../src/networks/contract.ts';
import { Webhook } from '../../../src/networks/whatsapp/webhook.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { asciiJson, webhookHeaders } from '../../peers/whatsapp-cloud/webhook-body.ts';
import { accountConfig, webhook } from '../corpus/webhooks.ts';
import type { Dice } from '../dice.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateJson } from '../mutate/json.ts';
import { mutateRequest, type RawRequest, rawRequest, type RequestParts } from '../mutate/request.ts';
import { Stored } from '../stored.ts';
import { type Attack, Fault, type Stand, type Target } from '../target.ts';
import { isRefused, judge, Wire } from '../wire.ts';
import { accountFor } from './webhook-accounting.ts';

const key = new Uint8Array(32).fill(7);
const appSecret = accountConfig.appSecret ?? '';
const { phoneNumberId } = accountConfig;
const account = asId<AccountId>(`whatsapp/${phoneNumberId}`);
const credentials = { phoneNumberId, accessToken: 'EAAG', appSecret, verifyToken: 'let me in' };

/** What the sink was given, besides keeping it. */
export interface Delivered {
  readonly events: RemoteEvent[];
  readonly setAside: Uint8Array[];
}

function recording(sink: Sink, delivered: Delivered): Sink {
  return {
    async accept(to, decode) {
      let events: readonly RemoteEvent[] = [];
      await sink.accept(to, async (state) => {
        events = await decode(state);
        return events;
      });
      for (const event of events) delivered.events.push(event);
    },
    async quarantine(to, reason, raw) {
      await sink.quarantine(to, reason, raw);
      delivered.setAside.push(raw);
    },
  };
}

export const webhookListener: Target = {
  name: 'webhook',
  async open(directory) {
    const store = openStore(directory, key);
    await store.write((unit) =>
      unit.accounts.put({
        id: account,
        network: asId<NetworkId>('whatsapp'),
        displayName: 'City Hall',
        credentials,
        createdAt: 1,
      }),
    );
    const delivered: Delivered = { events: [], setAside: [] };
    const { routes } = new Webhook({
      historyWaitMs: 1,
      path: '/whatsapp',
      numbers: new Map([[phoneNumberId, { account, credentials }]]),
      context: {
        sink: recording(createSink({ store, now: Date.now, wake: () => undefined }), delivered),
        clock: { now: Date.now },
        log: createLog('silent'),
        onCall: () => undefined,
        onAccount: () => undefined,
        stateOf: (of) => ({ get: (name) => store.read.accounts.stateOf(of, name) }),
        openFile: () => Readable.from([]),
      },
    });
    const listener = new HttpListener(routes, createLog('silent'));
    const wire = new Wire({ host: '127.0.0.1', port: await listener.start({ host: '127.0.0.1', port: 0 }) });
    return new WebhookStand({ store, stored: new Stored(directory, key), wire, listener, delivered });
  },
};

interface Parts {
  readonly store: Store;
  readonly stored: Stored;
  readonly wire: Wire;
  readonly listener: HttpListener;
  readonly delivered: Delivered;
}

class WebhookStand implements Stand {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  attack(dice: Dice, index: number): Attack {
    const body = hostileBody(dice, index);
    const request = requestWith(dice, body);
    return { body: request.bytes, run: () => this.run(request, body) };
  }

  async stillWorks(): Promise<void> {
    const text = { from: '16505551234', id: 'wamid.last', timestamp: '1749416383', type: 'text', text: { body: 'x' } };
    const value = { metadata: { phone_number_id: phoneNumberId }, messages: [text] };
    const entry = [{ id: '1', changes: [{ field: 'messages', value }] }];
    const body = asciiJson({ object: 'whatsapp_business_account', entry });
    const { statuses } = await this.#parts.wire.ask(rawRequest(post(body)));
    if (statuses[0] !== 200 || !this.#parts.stored.has('in', `${account} ["message","text","wamid.last"]`))
      throw new Fault('crash', `an ordinary webhook is answered with ${String(statuses[0])} after all that`);
  }

  async close(): Promise<void> {
    const { wire, listener, stored, store } = this.#parts;
    wire.close();
    await listener.stop();
    stored.close();
    await store.close();
  }

  async run(request: RawRequest, body: Buffer): Promise<void> {
    const { wire, stored, delivered } = this.#parts;
    const before = stored.version;
    delivered.events.length = 0;
    delivered.setAside.length = 0;
    const heard = await wire.ask(request);
    judge(heard, request.orderly);
    const isAccepted = heard.statuses.includes(200);
    if (isRefused(heard) && stored.version !== before)
      throw new Fault('stored_unaccepted', `answered with ${heard.statuses.join()}, and something was stored`);
    if (isAccepted && request.orderly && request.bytes.subarray(0, 4).toString() === 'POST')
      accountFor({ body, delivered, account, phoneNumberId, has: (dedupeKey) => stored.has('in', dedupeKey) });
  }
}

function hostileBody(dice: Dice, index: number): Buffer {
  const value = webhook(dice, index);
  switch (dice.below(10)) {
    case 0:
      return asciiJson(value);
    case 1:
    case 2:
      return mutateBytes(dice, asciiJson(value), asciiJson(webhook(dice, index)));
    default:
      return Buffer.from(mutateJson(dice, value));
  }
}

const post = (body: Buffer): RequestParts => ({
  method: 'POST',
  path: '/whatsapp',
  headers: webhookHeaders(body, appSecret, 'right'),
  body,
});

function requestWith(dice: Dice, body: Buffer): RawRequest {
  switch (dice.below(20)) {
    case 0:
    case 1:
    case 2:
      return mutateRequest(dice, post(body));
    case 3:
      return rawRequest({ ...post(body), headers: webhookHeaders(body, appSecret, dice.pick(['wrong', 'missing'])) });
    case 4: {
      const token = dice.pick(['let+me+in', 'guessed', '%00', '']);
      const path = `/whatsapp?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`;
      const parts = { method: 'GET', path, headers: {}, body: Buffer.alloc(0) };
      return dice.chance(30) ? rawRequest(parts) : mutateRequest(dice, parts);
    }
    default:
      return rawRequest(post(body));
  }
}
