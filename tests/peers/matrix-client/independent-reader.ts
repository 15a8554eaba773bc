/**
 * Reads rooms from their beginning with matrix-js-sdk, the client library that Element is made of. What it tells is
 * what people see; it has nothing of ours in it.
 */
import {
  ClientEvent,
  createClient,
  Direction,
  type MatrixClient,
  type MatrixEvent,
  type Room,
  SyncState,
} from 'matrix-js-sdk';
import type { Logger } from 'matrix-js-sdk/lib/logger.js';

export interface ReadEvent {
  readonly id: string;
  readonly room: string;
  readonly sender: string;
  readonly type: string;
  /** Undefined for what is not state. */
  readonly stateKey: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly content: Readonly<Record<string, unknown>>;
  readonly isRedacted: boolean;
  readonly replyTo: string | undefined;
}

export interface Credentials {
  readonly url: string;
  readonly userId: string;
  readonly accessToken: string;
}

/** What comes with the first answer comes again with the first page: the library drops it, and says so aloud. */
const eventsAtFirst = 1;
const pageEvents = 200;
const nothing = (): void => undefined;
const silent: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  getChild: () => silent,
};

/** Every room that this user has joined, each with its whole timeline, oldest first. */
export async function readRooms({
  url,
  userId,
  accessToken,
}: Credentials): Promise<ReadonlyMap<string, readonly ReadEvent[]>> {
  const client = createClient({ baseUrl: url, userId, accessToken, logger: silent });
  try {
    await client.startClient({ initialSyncLimit: eventsAtFirst });
    await synced(client);
    const rooms = client.getRooms().filter((room) => room.getMyMembership() === 'join');
    for (const room of rooms) await readToTheBeginning(client, room);
    return new Map(rooms.map((room) => [room.roomId, room.getLiveTimeline().getEvents().map(asRead)]));
  } finally {
    client.stopClient();
  }
}

async function synced(client: MatrixClient): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    client.on(ClientEvent.Sync, (state) => {
      if (state === SyncState.Prepared) resolve();
      if (state === SyncState.Error) reject(new Error('the independent reader could not sync'));
    });
  });
}

async function readToTheBeginning(client: MatrixClient, room: Room): Promise<void> {
  const timeline = room.getLiveTimeline();
  while (timeline.getPaginationToken(Direction.Backward) !== null)
    if (!(await client.paginateEventTimeline(timeline, { backwards: true, limit: pageEvents }))) return;
}

const asRead = (event: MatrixEvent): ReadEvent => ({
  id: event.getId() ?? '',
  room: event.getRoomId() ?? '',
  sender: event.getSender() ?? '',
  type: event.getType(),
  stateKey: event.getStateKey(),
  at: event.getTs(),
  content: event.getContent(),
  isRedacted: event.isRedacted(),
  replyTo: event.replyEventId,
});
