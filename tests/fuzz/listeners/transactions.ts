/** The homeserver's way in, as it listens in production: the real listener, intake and encrypted store. */
import { createHash } from 'node:crypto';
import { HttpListener } from '../../../src/base/http-listener.ts';
import { createLog } from '../../../src/base/logging.ts';
import type { BridgeContext } from '../../../src/bridge/context.ts';
import { Intake } from '../../../src/bridge/intake.ts';
import { readReceiptsOf, typingOf } from '../../../src/matrix/ephemeral.ts';
import { isJsonObject, nestsDeeperThan } from '../../../src/matrix/json-object.ts';
import type { UnreadableEvent } from '../../../src/matrix/room-event.ts';
import { Identifiers } from '../../../src/matrix/identifiers.ts';
import { transactionRoutes } from '../../../src/matrix/transactions.ts';
import { openStore } from '../../../src/store/store.ts';
import { bot, serverName, transaction } from '../corpus/room-events.ts';
import type { Dice } from '../dice.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateJson } from '../mutate/json.ts';
import { mutateRequest, type RawRequest, rawRequest, type RequestParts } from '../mutate/request.ts';
import { Stored } from '../stored.ts';
import { type Attack, Fault, type Stand, type Target } from '../target.ts';
import { piecesOf } from '../set-aside.ts';
import { isRefused, judge, Wire } from '../wire.ts';

const key = new Uint8Array(32).fill(7);
const token = 'a-homeserver-token-of-the-fuzzer-0123456789';
const prefix = '_chancery_';

export const transactionListener: Target = {
  name: 'transactions',
  async open(directory) {
    const store = openStore(directory, key);
    const identifiers = new Identifiers({ secret: key, serverName, namespacePrefix: prefix, botLocalpart: 'chancery' });
    const intake = new Intake({ store, identifiers, clock: { now: Date.now } } as BridgeContext, () => undefined);
    const unreadable: UnreadableEvent[] = [];
    const routes = transactionRoutes({
      homeserverToken: token,
      accept: async (batch) => {
        await intake.accept(batch);
        unreadable.splice(0, Infinity, ...batch.unreadable);
        batch.ephemeral.map((event) => [readReceiptsOf(event), typingOf(event)]);
      },
    });
    const listener = new HttpListener(routes, createLog('silent'), { onPeerGone: () => undefined });
    const wire = new Wire({ host: '127.0.0.1', port: await listener.start({ host: '127.0.0.1', port: 0 }) });
    const stored = new Stored(directory, key);
    return new TransactionStand({ wire, stored, unreadable }, async () => {
      wire.close();
      await listener.stop();
      stored.close();
      await store.close();
    });
  },
};

interface Parts {
  readonly wire: Wire;
  readonly stored: Stored;
  /** What the last transaction was found to hold besides events. */
  readonly unreadable: readonly UnreadableEvent[];
}

class TransactionStand implements Stand {
  readonly #parts: Parts;
  readonly close: () => Promise<void>;

  constructor(parts: Parts, close: () => Promise<void>) {
    this.#parts = parts;
    this.close = close;
  }

  attack(dice: Dice, index: number): Attack {
    const body = hostileBody(dice, index);
    const request = requestWith(dice, body, index);
    return { body: request.bytes, run: () => this.run(request, body) };
  }

  async stillWorks(): Promise<void> {
    const event = {
      event_id: '$last',
      room_id: '!r:a',
      sender: '@ana:a',
      type: 'm.room.message',
      origin_server_ts: 1,
      content: {},
    };
    const { statuses } = await this.#parts.wire.ask(
      rawRequest(put(Buffer.from(JSON.stringify({ events: [event] })), 'last')),
    );
    if (statuses[0] !== 200 || !this.#parts.stored.has('out', '$last'))
      throw new Fault('crash', `an ordinary transaction is answered with ${String(statuses[0])} after all that`);
  }

  async run(request: RawRequest, body: Buffer): Promise<void> {
    const before = this.#parts.stored.version;
    const heard = await this.#parts.wire.ask(request);
    judge(heard, request.orderly);
    const isAccepted = heard.statuses.includes(200);
    if (isRefused(heard) && this.#parts.stored.version !== before)
      throw new Fault('stored_unaccepted', `answered with ${heard.statuses.join()}, and something was stored`);
    if (isAccepted && request.orderly) this.#account(body);
  }

  /** Each event is in the journal, or set aside in the words in which it came, or not for us. */
  #account(body: Buffer): void {
    const { stored, unreadable } = this.#parts;
    const setAside = new Set<string>();
    for (const { event, raw } of unreadable) {
      if (!stored.has('out', event ?? `unreadable ${createHash('sha256').update(raw).digest('hex')}`))
        throw new Fault('unaccounted', 'what was to be set aside is not stored');
      for (const piece of piecesOf(raw)) setAside.add(piece);
    }
    const { events } = JSON.parse(new TextDecoder().decode(body)) as { events: unknown[] };
    for (const event of events) {
      const id = textAt(event, 'event_id');
      if (id !== undefined && stored.has('out', id)) continue;
      if (isNotForUs(event) || formsOf(event).some((form) => setAside.has(form))) continue;
      throw new Fault('unaccounted', `the event ${String(id)} is neither stored nor set aside`);
    }
  }
}

/** As it came; what nests so deeply that it cannot be written again may be kept without those members. */
function formsOf(event: unknown): string[] {
  const shallow = Object.entries(isJsonObject(event) ? event : {}).filter(([, value]) => !nestsDeeperThan(value, 60));
  const without = JSON.stringify(Object.fromEntries(shallow));
  try {
    return [without, JSON.stringify(event)];
  } catch {
    return [without];
  }
}

/** Our own echoes, and state other than of our users. */
function isNotForUs(event: unknown): boolean {
  const isOurs = (user: string | undefined): boolean =>
    user === bot || (user?.startsWith(`@${prefix}`) === true && user.endsWith(`:${serverName}`));
  const stateKey = textAt(event, 'state_key');
  if (isOurs(textAt(event, 'sender'))) return true;
  return stateKey !== undefined && !(textAt(event, 'type') === 'm.room.member' && isOurs(stateKey));
}

function textAt(value: unknown, name: string): string | undefined {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === 'string' ? found : undefined;
}

function hostileBody(dice: Dice, index: number): Buffer {
  const value = transaction(dice, index);
  switch (dice.below(10)) {
    case 0:
      return Buffer.from(JSON.stringify(value));
    case 1:
    case 2:
      return mutateBytes(
        dice,
        Buffer.from(JSON.stringify(value)),
        Buffer.from(JSON.stringify(transaction(dice, index))),
      );
    default:
      return Buffer.from(mutateJson(dice, value));
  }
}

const put = (body: Buffer, id: string | number): RequestParts => ({
  method: 'PUT',
  path: `/_matrix/app/v1/transactions/${id}`,
  headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
  body,
});

function requestWith(dice: Dice, body: Buffer, index: number): RawRequest {
  switch (dice.below(20)) {
    case 0:
    case 1:
    case 2:
      return mutateRequest(dice, put(body, index));
    case 3: {
      const authorization = dice.pick([
        '',
        'Bearer',
        'Bearer guessed',
        'Basic x',
        `bearer ${token} x`,
        'Bearer \u00ff',
      ]);
      return rawRequest({ ...put(body, index), headers: { Authorization: authorization } });
    }
    case 4: {
      const { headers } = put(body, index);
      const path = dice.pick(['/_matrix/app/v1/users/@a:b', '/_matrix/app/v1/rooms/%23a:b', '/_matrix/app/v1/ping']);
      return mutateRequest(dice, {
        method: dice.pick(['GET', 'POST']),
        path,
        headers,
        body: dice.chance(50) ? body : Buffer.alloc(0),
      });
    }
    default:
      return rawRequest(put(body, index));
  }
}
