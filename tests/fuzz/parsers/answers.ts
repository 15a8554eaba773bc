/** What the other sides answer: the Graph API, the homeserver, and whoever sits at the control socket. */
import { join } from 'node:path';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { ChanceryError } from '../../../src/base/errors.ts';
import { ControlClient, ControlRefusal } from '../../../src/cli/control-client.ts';
import { openLogin } from '../../../src/cli/control-step.ts';
import { controlSocketIn } from '../../../src/cli/sockets.ts';
import { Homeserver } from '../../../src/matrix/homeserver.ts';
import { HomeserverError } from '../../../src/matrix/homeserver-error.ts';
import {
  asId,
  type ContentUri,
  type EventId,
  type RemoteMessageId,
  type RoomId,
  type UserId,
} from '../../../src/model/ids.ts';
import type { SendResult, Session } from '../../../src/networks/contract.ts';
import {
  account,
  ada,
  chat,
  never,
  openSession,
  sealed,
  sendKey,
  text,
} from '../../unit/networks/whatsapp/open-session.ts';
import { type HostileAnswer, hostileAnswer, HostilePeer } from '../corpus/hostile-peer.ts';
import { roomEvent } from '../corpus/room-events.ts';
import type { Dice } from '../dice.ts';
import { promise, type Stand, type Target } from '../target.ts';

/** No wait that somebody else asks for is longer. */
const longestWaitMs = 24 * 3_600_000;

interface Exchange {
  /** What a good answer would say. */
  readonly good: (dice: Dice, url: string) => unknown;
  readonly ask: () => Promise<unknown>;
}

/** Asks one of the things that can be asked, and hears a hostile answer to it. */
function standOf(
  peer: HostilePeer,
  url: string,
  exchanges: readonly Exchange[],
  judge: (result: Settled) => void,
  close: () => Promise<void>,
): Stand {
  const run = async ({ ask }: Exchange, answers: readonly HostileAnswer[]): Promise<void> => {
    peer.say(answers);
    judge(await settled(ask()));
  };
  return {
    attack(dice) {
      const exchange = exchanges[dice.below(exchanges.length)];
      if (exchange === undefined) throw new Error('nothing can be asked');
      const answers = Array.from({ length: 3 }, () => hostileAnswer(dice, exchange.good(dice, url)));
      const [first] = answers;
      return { body: first?.raw ?? first?.body ?? Buffer.alloc(0), run: () => run(exchange, answers) };
    },
    async stillWorks() {
      for (const { ask } of exchanges)
        await run({ ask, good: () => ({}) }, [{ status: 200, headers: {}, body: Buffer.from('{}') }]);
    },
    close,
  };
}

type Settled = { readonly value: unknown } | { readonly thrown: unknown };

async function settled(asked: Promise<unknown>): Promise<Settled> {
  try {
    return { value: await asked };
  } catch (thrown) {
    return { thrown };
  }
}

const file = { type: 'media', kind: 'document', file: sealed, mimeType: 'text/plain', fileName: 'a.txt' } as const;

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, taken) => taken() });

async function drained(stream: Readable): Promise<void> {
  try {
    await pipeline(stream, nowhere());
  } catch {
    // Whoever seals the file hears of it there.
  }
}

export const graphAnswers: Target = {
  name: 'graph-answers',
  async open() {
    const peer = new HostilePeer();
    const url = `http://127.0.0.1:${await peer.start({ port: 0, host: '127.0.0.1' })}`;
    const open = openSession(url, { messages_per_second: 1_000 });
    const { runtime } = open;
    await open.wrote({ phone: ada });
    // Each a session of its own: a pause that was asked for would keep the next from asking.
    const session = (): Session => runtime.connect(account);
    const sent = (): unknown => ({
      messaging_product: 'whatsapp',
      contacts: [{ wa_id: ada }],
      messages: [{ id: 'wamid.sent' }],
    });
    const failed = (): unknown => ({
      error: { message: '(#131047) x', code: 131047, error_data: { details: 'why' }, fbtrace_id: 'A' },
    });
    const either = (dice: Dice): unknown => (dice.chance(50) ? sent() : failed());
    const reaction = { chat, sendKey, target: asId<RemoteMessageId>('wamid.a'), emoji: '👍' };
    const answers = { phone_number_id: '1', access_token: 'a', app_secret: 'b', verify_token: '' };
    const exchanges: readonly Exchange[] = [
      { good: either, ask: () => session().send(text('hello'), never) },
      { good: either, ask: () => session().react(reaction, never) },
      { good: either, ask: () => session().markRead(chat, asId('wamid.a'), never) },
      {
        good: (dice) => (dice.chance(50) ? { id: '1003383421387256' } : failed()),
        ask: async () => session().prepare?.(file, never),
      },
      {
        good: (_, at) => ({ url: `${at}/file`, mime_type: 'image/png', sha256: 'x', file_size: 5, id: '1' }),
        ask: async () => drained(await session().fetchMedia({ reference: '1003383421387256' }, never)),
      },
      {
        good: () => ({ display_phone_number: '+1', verified_name: 'City Hall', id: '1' }),
        ask: () => runtime.login().answer(answers, never),
      },
    ];
    return standOf(peer, url, exchanges, judgeGraph, async () => {
      await runtime.close();
      await peer.stop();
    });
  },
};

const isResult = (value: unknown): value is SendResult =>
  typeof value === 'object' && value !== null && 'outcome' in value;

function judgeGraph(result: Settled): void {
  if ('thrown' in result) {
    if (!(result.thrown instanceof ChanceryError)) throw result.thrown;
    return;
  }
  const { value } = result;
  if (!isResult(value)) return;
  if (value.outcome === 'sent')
    promise(typeof value.message === 'string' && value.message !== '', 'sent without an id');
  else promise(value.reason.isWellFormed() && value.reason.length < 1_000, 'a reason that cannot be shown');
  if (value.outcome === 'not-sent') judgeWait(value.afterMs);
}

/** Whole milliseconds, because it is kept. */
function judgeWait(ms: number | undefined): void {
  promise(
    ms === undefined || (Number.isSafeInteger(ms) && ms >= 0 && ms <= longestWaitMs),
    `a wait is none: ${String(ms)}`,
  );
}

export const homeserverAnswers: Target = {
  name: 'homeserver-answers',
  async open() {
    const peer = new HostilePeer();
    const url = `http://127.0.0.1:${await peer.start({ port: 0, host: '127.0.0.1' })}`;
    const homeserver = new Homeserver({ url, serverName: 'agency.example', token: 'as-token' });
    return standOf(peer, url, asked(homeserver), judgeHomeserver, async () => {
      await homeserver.close();
      await peer.stop();
    });
  },
};

function asked(homeserver: Homeserver): readonly Exchange[] {
  const as = { user: asId<UserId>('@_chancery_a:agency.example'), device: 'DEVICE' };
  const room = asId<RoomId>('!r:agency.example');
  const event = asId<EventId>('$e');
  const where = { as, room };
  const state = { type: 'm.room.name', stateKey: '', content: { name: 'x' } };
  const create = {
    aliasLocalpart: '_chancery_x',
    name: 'x',
    invite: [],
    initialState: [],
    powerLevels: {},
    roomVersion: '12',
  };
  const eventId = (): unknown => ({ event_id: '$sent' });
  const refused = (dice: Dice): unknown => ({
    errcode: dice.pick(['M_FORBIDDEN', 'M_LIMIT_EXCEEDED', 'M_NOT_FOUND', 'M_ROOM_IN_USE']),
    error: 'no',
    retry_after_ms: 100,
  });
  const or =
    (good: unknown) =>
    (dice: Dice): unknown =>
      dice.chance(30) ? refused(dice) : good;
  const members = {
    chunk: [{ type: 'm.room.member', state_key: '@a:b', content: { membership: 'join', displayname: 'A' } }],
  };
  return [
    { good: or({}), ask: () => homeserver.registerUser(as.user) },
    { good: or({ room_id: '!r:a' }), ask: () => homeserver.createRoom(as, create) },
    { good: or({ membership: 'join' }), ask: () => homeserver.isJoined(where) },
    { good: or({ membership: 'leave' }), ask: () => homeserver.invite(where, as.user) },
    { good: or(members), ask: () => homeserver.members(where) },
    { good: or({ name: 'y' }), ask: () => homeserver.ensureState(where, state) },
    {
      good: or(eventId()),
      ask: () => homeserver.sendEvent({ ...where, type: 'm.room.message', content: {}, transactionId: 't' }),
    },
    { good: or(eventId()), ask: () => homeserver.redact({ ...where, event, transactionId: 't' }) },
    { good: or({ content_uri: 'mxc://agency.example/AbCd' }), ask: () => homeserver.reserveMedia(as) },
    { good: or({ 'm.upload.size': 50_000_000 }), ask: () => homeserver.mediaLimitBytes() },
    {
      good: or({}),
      ask: async () => drained((await homeserver.downloadMedia(as, asId<ContentUri>('mxc://a/b'))).stream),
    },
    {
      good: (dice) => ({ chunk: [roomEvent(dice, 'a'), roomEvent(dice, 'b')], start: 's', end: 'e' }),
      ask: () => homeserver.messages(where),
    },
    { good: (dice) => roomEvent(dice, 'a'), ask: () => homeserver.getEvent(where, event) },
    { good: (dice) => roomEvent(dice, 'a'), ask: () => homeserver.getUnredacted(where, event) },
    { good: or({ duration_ms: 5 }), ask: () => homeserver.ping('chancery') },
    { good: or({ user_id: '@a:b', device_id: 'D' }), ask: () => homeserver.whoami(as) },
    { good: or({ versions: ['v1.11', 'v1.14'] }), ask: () => homeserver.about() },
  ];
}

function judgeHomeserver(result: Settled): void {
  if (!('thrown' in result)) return;
  if (!(result.thrown instanceof HomeserverError)) throw result.thrown;
  judgeWait(result.thrown.retryAfterMs);
}

export const controlAnswers: Target = {
  name: 'control-answers',
  async open(directory) {
    const peer = new HostilePeer();
    await peer.start({ path: controlSocketIn(directory).path });
    const client = new ControlClient(join(directory));
    const step = { step: 'ask', questions: [{ name: 'a', prompt: 'b', secret: true, whenEmpty: 'c' }], problem: 'd' };
    const refusal = { errcode: 'CH-LOGIN-INVALID', error: 'no', advice: 'again' };
    const exchanges: readonly Exchange[] = [
      {
        good: () => ({ live: true, journal: {} }),
        ask: () => client.ask(z.looseObject({ live: z.boolean() }), { path: '/status', timeoutMs: 5_000 }),
      },
      {
        good: (dice) => (dice.chance(30) ? refusal : { id: 'x', next: step }),
        ask: () => client.ask(openLogin, { path: '/logins', body: { network: 'whatsapp' }, timeoutMs: 5_000 }),
      },
    ];
    return standOf(peer, '', exchanges, judgeControl, () => peer.stop());
  },
};

function judgeControl(result: Settled): void {
  if (!('thrown' in result)) return;
  if (result.thrown instanceof ControlRefusal || result.thrown instanceof ChanceryError) return;
  throw result.thrown;
}
