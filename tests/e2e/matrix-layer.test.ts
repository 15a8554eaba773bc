/** The Matrix layer against a real Synapse: what it sends twice happens once, also when Synapse was killed between. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { ChanceryError } from '../../src/base/errors.ts';
import { HttpListener } from '../../src/base/http-listener.ts';
import { createLog } from '../../src/base/logging.ts';
import { type EphemeralEvent, readReceiptsOf, typingOf } from '../../src/matrix/ephemeral.ts';
import { Homeserver } from '../../src/matrix/homeserver.ts';
import { Identifiers, transactionIdOf } from '../../src/matrix/identifiers.ts';
import { portalRoom } from '../../src/matrix/portal-room.ts';
import { readEvent } from '../../src/matrix/read-event.ts';
import { makeRegistration, writeRegistration } from '../../src/matrix/registration.ts';
import { renderText } from '../../src/matrix/render.ts';
import { isReadable } from '../../src/matrix/room-event.ts';
import { type TransactionBatch, transactionRoutes } from '../../src/matrix/transactions.ts';
import {
  type AccountId,
  asId,
  type ChatId,
  type ContactId,
  type NetworkId,
  type RoomId,
  type UserId,
} from '../../src/model/ids.ts';
import { plainText } from '../../src/model/rich-text.ts';
import { OrdinaryClient } from '../peers/matrix-client/ordinary-client.ts';
import { Synapse } from '../peers/synapse/synapse.ts';

// The first run on a machine installs Synapse.
jest.setTimeout(900_000);

const whatsapp = asId<NetworkId>('whatsapp');
const account = asId<AccountId>('office');
const serverName = 'mx.localhost';
const ids = new Identifiers({
  secret: Buffer.from('a secret for this test only'),
  serverName,
  namespacePrefix: 'chancery_',
  botLocalpart: 'chancery',
});
const acting = (user: UserId): { user: UserId; device: string } => ({ user, device: ids.device(user) });
const bot = acting(ids.bot);
const ghost = acting(ids.ghost(whatsapp, asId<ContactId>('4915100000001')));

let folder = '';
let synapse: Synapse;
let homeserver: Homeserver;
let listener: HttpListener;
let received: TransactionBatch[] = [];
let refuse = 0;
let erin: OrdinaryClient;
let room: RoomId;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chancery-matrix-'));
  const registrationPath = join(folder, 'registration.yaml');
  const routes: ConstructorParameters<typeof HttpListener>[0][number][] = [];
  listener = new HttpListener(routes, createLog('silent'));
  const port = await listener.start({ host: '127.0.0.1', port: 0 });
  const registration = await makeRegistration({
    id: 'chancery',
    url: `http://127.0.0.1:${port}`,
    serverName,
    botLocalpart: 'chancery',
    namespacePrefix: 'chancery_',
  });
  routes.push(
    ...transactionRoutes({
      homeserverToken: registration.hs_token,
      accept: async (batch) => {
        refuse -= 1;
        if (refuse >= 0) throw new ChanceryError('CH-STORE-BUSY');
        received.push(batch);
      },
    }),
  );
  await writeRegistration(registrationPath, registration);
  synapse = new Synapse({
    directory: join(folder, 'synapse'),
    serverName,
    registrationFiles: [registrationPath],
    mediaLimitBytes: 100 * 1024 * 1024,
  });
  await synapse.start();
  await synapse.registerUser('erin', 'a password');
  erin = await OrdinaryClient.login(synapse.url, 'erin', 'a password');
  homeserver = new Homeserver({ url: synapse.url, serverName, token: registration.as_token });
});

afterAll(async () => {
  await erin.stop();
  await homeserver.close();
  await synapse.stop();
  await listener.stop();
  await rm(folder, { recursive: true, force: true });
});

test('a user and its device are made once, and speak as themselves', async () => {
  for (const { user, device } of [bot, bot, ghost, ghost]) {
    await homeserver.registerUser(user);
    await homeserver.ensureDevice(user, device);
  }
  expect(await homeserver.whoami(ghost)).toEqual(ghost);
  await homeserver.setDisplayName(ghost, 'Gus');
});

test('a portal created twice is one room', async () => {
  const aliasLocalpart = ids.portalAlias(whatsapp, account, asId<ChatId>('4915100000001'));
  const recipe = portalRoom({
    aliasLocalpart,
    name: 'Gus',
    topic: 'WhatsApp',
    invite: [asId<UserId>(erin.userId)],
    bridge: {
      bot: bot.user,
      network: { id: whatsapp, displayName: 'WhatsApp' },
      channel: { id: aliasLocalpart, displayName: 'Gus' },
    },
  });
  const first = await homeserver.createRoom(bot, recipe);
  const second = await homeserver.createRoom(bot, recipe);
  expect([first.existed, second]).toEqual([false, { room: first.room, existed: true }]);
  room = first.room;
  expect(await homeserver.resolveAlias(bot, aliasLocalpart)).toBe(room);
  expect(await homeserver.resolveAlias(bot, `${aliasLocalpart}x`)).toBeUndefined();
  const where = { as: bot, room };
  expect(await homeserver.getState(where, 'm.room.create', '')).toMatchObject({ room_version: '12' });
  expect(await homeserver.getState(where, 'm.room.guest_access', '')).toEqual({ guest_access: 'forbidden' });
  expect(await homeserver.getState(where, 'm.room.history_visibility', '')).toEqual({ history_visibility: 'shared' });
  expect(await homeserver.getState(where, 'm.room.power_levels', '')).toMatchObject({ users: {}, state_default: 50 });
  expect(await homeserver.getState(where, 'm.bridge', `chancery://whatsapp/${aliasLocalpart}`)).toMatchObject({
    bridgebot: bot.user,
  });
  expect(await homeserver.getState(where, 'm.room.topic', 'none')).toBeUndefined();
});

test('a ghost is invited once and joins as often as it likes', async () => {
  expect(await homeserver.invite({ as: bot, room }, ghost.user)).toBe(true);
  expect(await homeserver.invite({ as: bot, room }, ghost.user)).toBe(false);
  await homeserver.join({ as: ghost, room });
  await homeserver.join({ as: ghost, room });
  expect(await homeserver.invite({ as: bot, room }, ghost.user)).toBe(false);
  const members = await homeserver.members({ as: bot, room });
  expect(members).toContainEqual({ user: ghost.user, membership: 'join', displayName: 'Gus' });
  expect(members).toContainEqual(expect.objectContaining({ user: erin.userId, membership: 'invite' }));
});

test('state that is so already is not written again', async () => {
  const topic = { type: 'm.room.topic', stateKey: '', content: { topic: 'Case 7' } };
  expect(await homeserver.ensureState({ as: bot, room }, topic)).toBe(true);
  expect(await homeserver.ensureState({ as: bot, room }, topic)).toBe(false);
});

const send = (words: string, remote: string): ReturnType<Homeserver['sendEvent']> =>
  homeserver.sendEvent({
    as: ghost,
    room,
    ...renderText(plainText(words)),
    transactionId: transactionIdOf({ account, remote, part: 0, sender: ghost.user }),
    at: 1_700_000_000_000,
  });

test('the same send twice is one event, also after Synapse was killed between, and its time is kept', async () => {
  const first = await send('hello', 'wamid.1');
  expect(await send('hello', 'wamid.1')).toBe(first);
  await synapse.kill();
  await expect(send('hello', 'wamid.1')).rejects.toMatchObject({ kind: 'unreachable' });
  await synapse.start();
  expect(await send('hello', 'wamid.1')).toBe(first);
  expect(await send('hello again', 'wamid.2')).not.toBe(first);
  const shown = await homeserver.getEvent({ as: bot, room }, first);
  expect(shown).toMatchObject({ event_id: first, origin_server_ts: 1_700_000_000_000, content: { body: 'hello' } });
});

test('an ordinary client sees each of them once, at the time the network gave', async () => {
  erin.start();
  await erin.waitForEvent(({ content }) => content['body'] === 'hello again', { what: 'the second message' });
  const seen = erin.said(room).filter(({ sender }) => sender === ghost.user);
  expect(seen.map(({ content, origin_server_ts: at }) => [content['body'], at])).toEqual([
    ['hello', 1_700_000_000_000],
    ['hello again', 1_700_000_000_000],
  ]);
});

test('history can be read page by page', async () => {
  const bodies: unknown[] = [];
  let from: string | undefined;
  do {
    const page = await homeserver.messages({ as: bot, room }, { limit: 5, ...(from === undefined ? {} : { from }) });
    bodies.push(...page.events.filter(isReadable).flatMap(({ content }) => content['body'] ?? []));
    from = page.next;
  } while (from !== undefined);
  expect(bodies).toEqual(['hello again', 'hello']);
});

test('a message that is taken back is gone, and taking it back twice is once', async () => {
  const event = await send('a mistake', 'wamid.3');
  const redaction = { as: ghost, room, event, transactionId: 'take-back', reason: 'sent in error' };
  expect(await homeserver.redact(redaction)).toBe(await homeserver.redact(redaction));
  expect(await homeserver.getEvent({ as: bot, room }, event)).toMatchObject({ content: {} });
});

test('a file reserved once may be uploaded twice, and an ordinary client gets the same bytes', async () => {
  const bytes = Buffer.from('the same bytes');
  const uri = await homeserver.reserveMedia(ghost);
  const upload = { sizeBytes: bytes.length, mimeType: 'text/plain', fileName: 'note.txt' };
  await homeserver.uploadMedia(ghost, uri, Readable.from([bytes]), upload);
  await homeserver.uploadMedia(ghost, uri, Readable.from([bytes]), upload);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(await erin.downloadHash(uri)).toEqual({ bytes: bytes.length, sha256 });
  expect(await homeserver.mediaLimitBytes()).toBe(100 * 1024 * 1024);
});

test('90 MB pass both ways without being held in memory', async () => {
  const block = Buffer.alloc(64 * 1024, 'chancery');
  const blocks = (90 * 1024 * 1024) / block.length;
  const sent = createHash('sha256');
  const memory = new MemoryWatch();
  const file = Readable.from(
    (function* () {
      for (let index = 0; index < blocks; index += 1) {
        block.writeUInt32LE(index);
        sent.update(block);
        memory.look();
        yield Buffer.from(block);
      }
    })(),
    { objectMode: false },
  );
  const uri = await homeserver.reserveMedia(ghost);
  const sizeBytes = blocks * block.length;
  await homeserver.uploadMedia(ghost, uri, file, { sizeBytes, mimeType: 'application/octet-stream' });
  const download = await homeserver.downloadMedia(bot, uri);
  const got = createHash('sha256');
  for await (const chunk of download.stream as AsyncIterable<Buffer>) {
    got.update(chunk);
    memory.look();
  }
  expect(download.sizeBytes).toBe(sizeBytes);
  expect(got.digest('hex')).toBe(sent.digest('hex'));
  console.log(`90 MB up and down: ${memory.residentMb} MB more resident, ${memory.buffersMb} MB of buffers in use`);
  expect(memory.buffersMb).toBeLessThan(20);
  expect(memory.residentMb).toBeLessThan(150);
});

/** Peaks above the beginning. Buffers are counted after a collection now and then: garbage is not held. */
class MemoryWatch {
  readonly #collect = collector();
  readonly #before = process.memoryUsage();
  #looks = 0;
  #resident = 0;
  #buffers = 0;

  look(): void {
    this.#looks += 1;
    if (this.#looks % 100 !== 0) return;
    this.#resident = Math.max(this.#resident, process.memoryUsage().rss - this.#before.rss);
    this.#collect();
    this.#buffers = Math.max(this.#buffers, process.memoryUsage().arrayBuffers - this.#before.arrayBuffers);
  }

  get residentMb(): number {
    return Math.round(this.#resident / 1024 / 1024);
  }

  get buffersMb(): number {
    return Math.round(this.#buffers / 1024 / 1024);
  }
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

test('receipts and typing are taken', async () => {
  const event = await send('read me', 'wamid.4');
  await homeserver.readReceipt({ as: bot, room }, event);
  await homeserver.typing({ as: ghost, room }, true, 5_000);
  await homeserver.typing({ as: ghost, room }, false);
});

async function eventually<Found>(find: () => Found | undefined): Promise<Found> {
  for (let waited = 0; waited < 30_000; waited += 50) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not come within 30 s');
}

test('what an official says arrives, and comes again while it could not be stored', async () => {
  refuse = 1;
  received = [];
  await erin.sendText(room, 'good morning');
  const heard = await eventually(() =>
    received.flatMap(({ events }) => events).find(({ content }) => content['body'] === 'good morning'),
  );
  expect(readEvent(heard)).toMatchObject({ kind: 'text', text: { text: 'good morning' } });
  expect(heard).toMatchObject({ sender: erin.userId, room_id: room });
  expect(refuse).toBeLessThan(0);
  expect(received.flatMap(({ unreadable }) => unreadable)).toEqual([]);
});

test('what an official reads and types arrives as well', async () => {
  received = [];
  const event = await send('read me too', 'wamid.5');
  await erin.markRead(room, event);
  await erin.typing(room);
  const passed = (): EphemeralEvent[] => received.flatMap(({ ephemeral }) => ephemeral);
  const receipt = await eventually(() =>
    passed()
      .flatMap(readReceiptsOf)
      .find((read) => read.event === event),
  );
  expect(receipt).toMatchObject({ room, user: erin.userId });
  const typing = await eventually(() =>
    passed()
      .flatMap((one) => typingOf(one) ?? [])
      .find(({ users }) => users.length > 0),
  );
  expect(typing).toEqual({ room, users: [erin.userId] });
});

test('the homeserver reaches the bridge when it is asked to ping it', async () => {
  expect(await homeserver.ping('chancery')).toBeGreaterThanOrEqual(0);
});
