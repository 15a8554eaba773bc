/**
 * Reads rooms from their beginning with matrix-js-sdk, the client library that Element is made of. What it tells is
 * what people see; it has nothing of ours in it.
 */
import { createClient, Direction, type MatrixClient, type MatrixEvent } from 'matrix-js-sdk';
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
  const { joined_rooms: rooms } = await client.getJoinedRooms();
  const timelines = new Map<string, readonly ReadEvent[]>();
  for (const room of rooms) timelines.set(room, await fromTheBeginning(client, room));
  return timelines;
}

async function fromTheBeginning(client: MatrixClient, room: string): Promise<ReadEvent[]> {
  const read: ReadEvent[] = [];
  for (let from: string | null = null; ; ) {
    const page = await client.createMessagesRequest(room, from, pageEvents, Direction.Forward);
    read.push(...page.chunk.map(client.getEventMapper()).map(asRead));
    if (page.end === undefined || page.chunk.length === 0) return read;
    from = page.end;
  }
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
