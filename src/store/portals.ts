/** Portals: which room mirrors which chat. */
import { sql } from 'kysely';
import {
  type AccountId,
  asId,
  type ChatId,
  type EventId,
  type LaneKey,
  type PortalId,
  type RoomId,
} from '../model/ids.ts';
import type { Connection } from './kysely.ts';
import { prepared } from './prepared.ts';

export interface Portal {
  readonly id: PortalId;
  readonly accountId: AccountId;
  readonly chatId: ChatId;
  /** Null until the room exists. */
  readonly roomId: RoomId | null;
  readonly name: string;
  readonly lastActivityAt: number;
  /** Up to this event the room's history was compared with the journal; null before the first time. */
  readonly comparedUpTo: EventId | null;
  /** JSON list of `Person`: who is in it, as far as it was told. */
  readonly people: string;
}

/** The lane that carries what a network says in this portal. */
export const inboundLane = (portal: PortalId): LaneKey => asId(`in/${portal}`);
/** The lane of good news about messages that are in this portal already, such as that they were delivered. */
export const feedbackLane = (portal: PortalId): LaneKey => asId(`${feedbackPrefix}${portal}`);
export const isFeedbackLane = (lane: LaneKey): boolean => lane.startsWith(feedbackPrefix);
const feedbackPrefix = 'in/feedback/';
/** The lane that carries what is said in this room. */
export const outboundLane = (room: RoomId): LaneKey => asId(`out/${room}`);

/** The lane of commands in this room: whoever asks why messages wait must not wait behind them. */
export const commandLane = (room: RoomId): LaneKey => asId(`out/commands/${room}`);

const activityMs = 60_000;

export class Portals {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  async find(accountId: AccountId, chatId: ChatId): Promise<Portal | undefined> {
    const { rows } = await portalOf(this.#db, { accountId, chatId });
    return rows[0];
  }

  async ensure(accountId: AccountId, chatId: ChatId, name: string, at: number): Promise<Portal> {
    const known = await this.find(accountId, chatId);
    if (known !== undefined) return known;
    return this.#db
      .insertInto('portal')
      .values({ accountId, chatId, roomId: null, name, lastActivityAt: at, comparedUpTo: null })
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  async get(id: PortalId): Promise<Portal | undefined> {
    const { rows } = await portalWithId(this.#db, { id });
    return rows[0];
  }

  async byRoom(roomId: RoomId): Promise<Portal | undefined> {
    const { rows } = await portalInRoom(this.#db, { roomId });
    return rows[0];
  }

  async change(
    id: PortalId,
    change: Partial<Pick<Portal, 'roomId' | 'name' | 'lastActivityAt' | 'comparedUpTo' | 'people'>>,
  ): Promise<void> {
    await this.#db.updateTable('portal').set(change).where('id', '=', id).execute();
  }

  /** Something happened in it. Noted to the minute: for every message it would cost more than the message's own row. */
  async touch({ id, lastActivityAt }: Portal, at: number): Promise<void> {
    if (at - lastActivityAt >= activityMs) await this.change(id, { lastActivityAt: at });
  }

  /** Portals with a room, most recently active first. */
  async active(since: number, limit: number): Promise<Portal[]> {
    return this.#db
      .selectFrom('portal')
      .selectAll()
      .where('lastActivityAt', '>=', since)
      .where('roomId', 'is not', null)
      .orderBy('lastActivityAt', 'desc')
      .limit(limit)
      .execute();
  }

  /** With this text in the name, or these digits in the network's own name of the chat. The latest active first. */
  async named(text: string, limit: number): Promise<Portal[]> {
    const digits = text.replaceAll(/\D/g, '');
    const inName = sql<boolean>`instr(lower(name), ${text.toLowerCase()}) > 0`;
    const inNumber = digits === '' ? sql<boolean>`0` : sql<boolean>`instr(chat_id, ${digits}) > 0`;
    return this.#db
      .selectFrom('portal')
      .selectAll()
      .where((eb) => eb.or([inName, inNumber]))
      .orderBy('lastActivityAt', 'desc')
      .limit(limit)
      .execute();
  }

  /** The network's own name of the chat, on whichever account. */
  async withChat(chatId: string): Promise<PortalId[]> {
    const rows = await this.#db.selectFrom('portal').select('id').where('chatId', '=', asId<ChatId>(chatId)).execute();
    return rows.map(({ id }) => id);
  }

  /** All of them, in pages: those after `after`, at most `limit`. */
  async page(after: number, limit: number): Promise<Portal[]> {
    return this.#db
      .selectFrom('portal')
      .selectAll()
      .where('id', '>', asId<PortalId>(after))
      .orderBy('id')
      .limit(limit)
      .execute();
  }

  /** Somebody is, or was, in it. */
  async noteIn(portalId: PortalId, person: string): Promise<void> {
    await this.#db
      .insertInto('portalPerson')
      .values({ person, portalId })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** The chats in which somebody is or was. */
  async ofPerson(person: string): Promise<PortalId[]> {
    const rows = await this.#db.selectFrom('portalPerson').select('portalId').where('person', '=', person).execute();
    return rows.map(({ portalId }) => portalId);
  }

  async counts(): Promise<{ total: number; withoutRoom: number }> {
    const { total, withRoom } = await this.#db
      .selectFrom('portal')
      .select((eb) => [eb.fn.countAll<number>().as('total'), eb.fn.count<number>('roomId').as('withRoom')])
      .executeTakeFirstOrThrow();
    return { total, withoutRoom: total - withRoom };
  }
}

const portalOf = prepared((db, { accountId, chatId }: Pick<Portal, 'accountId' | 'chatId'>) =>
  db.selectFrom('portal').selectAll().where('accountId', '=', accountId).where('chatId', '=', chatId),
);
const portalWithId = prepared((db, { id }: Pick<Portal, 'id'>) =>
  db.selectFrom('portal').selectAll().where('id', '=', id),
);
const portalInRoom = prepared((db, { roomId }: { readonly roomId: RoomId }) =>
  db.selectFrom('portal').selectAll().where('roomId', '=', roomId),
);
