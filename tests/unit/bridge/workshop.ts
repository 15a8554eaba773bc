/**
 * The heart's working place, in a folder of its own. Everything is real but the two sides: the homeserver and the
 * network answer what a test tells them to, and time passes when a test says so.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../../../src/base/logging.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import type { BridgeContext } from '../../../src/bridge/context.ts';
import { Sessions } from '../../../src/bridge/sessions.ts';
import { Homeserver } from '../../../src/matrix/homeserver.ts';
import { Identifiers } from '../../../src/matrix/identifiers.ts';
import type { RoomEvent } from '../../../src/matrix/room-event.ts';
import { asId, type ChatId, type EventId, type RoomId, type UserId } from '../../../src/model/ids.ts';
import type { Portal } from '../../../src/store/portals.ts';
import { openStore } from '../../../src/store/store.ts';
import { SealedFiles } from '../../../src/vault/sealed-files.ts';
import { FakeHomeserver } from '../matrix/fake-homeserver.ts';
import { account, FakeSession, networkName } from './fake-session.ts';

export const serverName = 'agency.example';
export const ana = asId<UserId>(`@ana:${serverName}`);
export const stranger = asId<UserId>('@stranger:elsewhere.example');
const secret = new Uint8Array(32).fill(2);

export class Workshop {
  readonly context: BridgeContext;
  readonly homeserver: FakeHomeserver;
  readonly session = new FakeSession();
  /** Milliseconds since the Unix epoch. */
  now = 1_800_000_000_000;
  readonly #directory: string;

  private constructor(directory: string, homeserver: FakeHomeserver, url: string) {
    this.#directory = directory;
    this.homeserver = homeserver;
    const identifiers = new Identifiers({ secret, serverName, namespacePrefix: 'chancery_', botLocalpart: 'chancery' });
    const sessions = new Sessions();
    sessions.set(account.id, { session: this.session, networkName });
    this.context = {
      store: openStore(join(directory, 'data'), secret),
      files: new SealedFiles(join(directory, 'media'), secret),
      homeserver: new Homeserver({ url, serverName, token: 'token' }),
      identifiers,
      sessions,
      policy: { invite: [ana], officials: [serverName], admins: [ana] },
      bot: { user: identifiers.bot, device: identifiers.device(identifiers.bot) },
      clock: { now: () => this.now },
      log: createLog('silent'),
      metrics: new Metrics(),
      startedAt: this.now,
      isRecorded: false,
    };
  }

  static async open(): Promise<Workshop> {
    const homeserver = new FakeHomeserver();
    const workshop = new Workshop(mkdtempSync(join(tmpdir(), 'chancery-')), homeserver, await homeserver.start());
    await workshop.context.store.write((unit) => unit.accounts.put({ ...account, createdAt: workshop.now }));
    return workshop;
  }

  async close(): Promise<void> {
    await this.context.homeserver.close();
    await this.context.store.close();
    await this.homeserver.stop();
    rmSync(this.#directory, { recursive: true });
  }

  /** A chat that has its room. */
  async portal(name = 'chat'): Promise<Portal> {
    const roomId = asId<RoomId>(`!${name}`);
    return this.context.store.write(async (unit) => {
      const portal = await unit.portals.ensure(account.id, asId<ChatId>(name), name, this.now);
      await unit.portals.change(portal.id, { roomId });
      return { ...portal, roomId };
    });
  }
}

/** A message of Ana in a room, or what a test makes of it. */
export const roomEvent = (id: string, more: Partial<RoomEvent> = {}): RoomEvent => ({
  event_id: asId<EventId>(`$${id}`),
  room_id: asId<RoomId>('!chat'),
  sender: ana,
  type: 'm.room.message',
  origin_server_ts: 1_800_000_000_000,
  content: { msgtype: 'm.text', body: id },
  ...more,
});
