/** The parts of messages: what each became on the other side, and where it is on its way. */
import type { SealedFile, Transcoded } from '../model/content.ts';
import type {
  ContentUri,
  EventId,
  JournalId,
  MediaName,
  PartId,
  PortalId,
  RemoteMessageId,
  SendKey,
} from '../model/ids.ts';
import { type MessageState, messageStates } from '../model/message-state.ts';
import { type Selectable, sql } from 'kysely';
import type { Connection } from './kysely.ts';
import { prepared } from './prepared.ts';
import type { Direction, PartKind, Tables } from './schema.ts';

/** Durable steps of a part that are repeated at no harm only because they are remembered. */
export interface PartProgress {
  readonly file?: SealedFile;
  /** What was made of `file`; or how often that was begun, and nobody knows how it ended. */
  readonly transcoded?: Transcoded | { readonly begun: number };
  /** The address of the file on the homeserver: of what comes in the one that was reserved for it. */
  readonly uri?: ContentUri;
  /** What its sender says that the file is. */
  readonly mimeType?: string;
  /** What the network's `prepare` returned. */
  readonly prepared?: string;
  /** What went wrong with the file alone, while the other side answered: since when, and how often. */
  readonly trouble?: { readonly since: number; readonly times: number };
}

export interface Part {
  readonly id: PartId;
  readonly journalId: JournalId;
  readonly number: number;
  readonly portalId: PortalId;
  readonly direction: Direction;
  readonly kind: PartKind;
  readonly author: string;
  readonly state: MessageState;
  readonly sendKey: SendKey | null;
  readonly remoteId: RemoteMessageId | null;
  readonly eventId: EventId | null;
  readonly progress: PartProgress;
  readonly reason: string | null;
  readonly updatedAt: number;
}

export type NewPart = Pick<Part, 'journalId' | 'number' | 'portalId' | 'direction' | 'kind' | 'author' | 'updatedAt'> &
  Partial<Pick<Part, 'sendKey' | 'remoteId' | 'eventId' | 'state'>>;

export type PartChange = Partial<Pick<Part, 'state' | 'remoteId' | 'eventId' | 'progress' | 'reason'>>;

type UnsettledState = Extract<MessageState, 'pending' | 'sending' | 'uncertain' | 'failed'>;

export class Parts {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** The part with this number, made when it was not there yet; `pending` unless told. */
  async ensure(part: NewPart): Promise<Part> {
    const known = await this.numbered(part.journalId, part.number);
    if (known !== undefined) return known;
    const { rows } = await insertPart(this.#db, filledIn(part));
    return asPart(rows[0] as PartRow);
  }

  /** What became of a part, whether it was on record before or not. Its progress stays. */
  async record(part: NewPart): Promise<void> {
    await recordPart(this.#db, filledIn(part));
  }

  async change(id: PartId, at: number, { progress, ...change }: PartChange): Promise<void> {
    await this.#db
      .updateTable('part')
      .set({ ...change, ...(progress === undefined ? {} : { progress: JSON.stringify(progress) }), updatedAt: at })
      .where('id', '=', id)
      .execute();
  }

  async get(id: PartId): Promise<Part | undefined> {
    const { rows } = await partWithId(this.#db, { id });
    return rows[0] && asPart(rows[0]);
  }

  async numbered(journalId: JournalId, number: number): Promise<Part | undefined> {
    const { rows } = await partNumbered(this.#db, { journalId, number });
    return rows[0] && asPart(rows[0]);
  }

  /** The parts of one journal row, in order. */
  async of(journalId: JournalId): Promise<Part[]> {
    const { rows } = await partsOf(this.#db, { journalId });
    return rows.map(asPart);
  }

  /** The first part of what the network names so. */
  async byRemoteId(portalId: PortalId, remoteId: RemoteMessageId): Promise<Part | undefined> {
    return this.#one((query) => query.where('portalId', '=', portalId).where('remoteId', '=', remoteId).orderBy('id'));
  }

  async bySendKey(sendKey: SendKey): Promise<Part | undefined> {
    return this.#one((query) => query.where('sendKey', '=', sendKey));
  }

  /** The last part of the message that this event shows. */
  async byEventId(eventId: EventId): Promise<Part | undefined> {
    return this.#one((query) =>
      query.where('eventId', '=', eventId).where('kind', '=', 'message').orderBy('id', 'desc'),
    );
  }

  /** The latest attempt at this part of the message that this event shows, other than by this journal row. */
  async otherAttempt(eventId: EventId, number: number, journalId: JournalId): Promise<Part | undefined> {
    return this.#one((query) =>
      query
        .where('eventId', '=', eventId)
        .where('kind', '=', 'message')
        .where('number', '=', number)
        .where('journalId', '!=', journalId)
        .orderBy('id', 'desc'),
    );
  }

  /** The events that show what came from the network to this chat, of which the record has what was said. */
  async eventsOf(portalId: PortalId): Promise<EventId[]> {
    const rows = await this.#db
      .selectFrom('part')
      .innerJoin('journal', 'journal.id', 'part.journalId')
      .select('part.eventId')
      .where('part.portalId', '=', portalId)
      .where('part.eventId', 'is not', null)
      .where('journal.entry', 'is not', null)
      .execute();
    return rows.flatMap(({ eventId }) => (eventId === null ? [] : [eventId]));
  }

  /** The newest part that came from the network, up to and including `upTo` where that is given. */
  async latestInbound(portalId: PortalId, upTo?: PartId): Promise<Part | undefined> {
    return this.#one((query) =>
      query
        .where('portalId', '=', portalId)
        .where('direction', '=', 'in')
        .where('remoteId', 'is not', null)
        .$if(upTo !== undefined, (limited) => limited.where('id', '<=', upTo as PartId))
        .orderBy('id', 'desc'),
    );
  }

  /** Whether a call to the network is in flight whose message id is not known yet. */
  async anySending(portalId: PortalId): Promise<boolean> {
    const row = await this.#one((query) =>
      query.where(isUnsettled).where('state', '=', 'sending').where(sql<boolean>`+portal_id = ${portalId}`),
    );
    return row !== undefined;
  }

  /** Outbound parts in these states, newest first. */
  async inStates(states: readonly UnsettledState[], limit: number): Promise<Part[]> {
    const rows = await this.#db
      .selectFrom('part')
      .selectAll()
      .where(isUnsettled)
      .where('state', 'in', states)
      .where('direction', '=', 'out')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return rows.map(asPart);
  }

  async counts(direction: Direction): Promise<Record<MessageState, number>> {
    const rows = await this.#db
      .selectFrom('part')
      .select((eb) => ['state', eb.fn.countAll<number>().as('count')])
      .where('direction', '=', direction)
      .where(isUnsettled)
      .groupBy('state')
      .execute();
    const counts = Object.fromEntries(messageStates.map((state) => [state, 0])) as Record<MessageState, number>;
    for (const { state, count } of rows) counts[state] = count;
    return counts;
  }

  /** Names of sealed files that unfinished parts still need. */
  async filesInUse(): Promise<ReadonlySet<MediaName>> {
    const rows = await this.#db.selectFrom('part').select('progress').where('progress', 'is not', null).execute();
    return new Set(rows.flatMap(({ progress }) => filesIn(progress)));
  }

  /** Forgets the steps of finished parts. Returns the sealed files that nobody needs any more. */
  async clearProgress(journalId: JournalId): Promise<readonly MediaName[]> {
    const { rows: stepped } = await steppedParts(this.#db, { journalId });
    if (stepped.length === 0) return [];
    const files = stepped.flatMap(({ progress }) => filesIn(progress));
    await this.#db.updateTable('part').set({ progress: null }).where('journalId', '=', journalId).execute();
    if (files.length === 0) return [];
    const inUse = await this.filesInUse();
    return files.filter((name) => !inUse.has(name));
  }

  async #one(narrow: (query: PartQuery) => PartQuery): Promise<Part | undefined> {
    const row = await narrow(everyPart(this.#db)).limit(1).executeTakeFirst();
    return row && asPart(row);
  }
}

// As in the journal: written out for the sake of the partial index.
const isUnsettled = sql<boolean>`state IN ('pending', 'sending', 'uncertain', 'failed')`;

const everyPart = (db: Connection) => db.selectFrom('part').selectAll();
type PartQuery = ReturnType<typeof everyPart>;
type PartRow = Selectable<Tables['part']>;

type Filled = Omit<PartRow, 'id' | 'progress' | 'reason'>;
const filledIn = (part: NewPart): Filled => ({
  state: 'pending',
  sendKey: null,
  remoteId: null,
  eventId: null,
  ...part,
});

const insertFilled = (
  db: Connection,
  { journalId, number, portalId, direction, kind, author, state, sendKey, remoteId, eventId, updatedAt }: Filled,
) => {
  const [progress, reason] = [null, null];
  const whose = { journalId, number, portalId, direction, kind, author };
  return db.insertInto('part').values({ ...whose, state, sendKey, remoteId, eventId, progress, reason, updatedAt });
};

const insertPart = prepared((db, part: Filled) => insertFilled(db, part).returningAll());
const recordPart = prepared((db, part: Filled) => {
  const { state, sendKey, remoteId, eventId, updatedAt } = part;
  return insertFilled(db, part).onConflict((conflict) =>
    conflict.columns(['journalId', 'number']).doUpdateSet({ state, sendKey, remoteId, eventId, updatedAt }),
  );
});
const partWithId = prepared((db, { id }: Pick<Part, 'id'>) => everyPart(db).where('id', '=', id));
const partNumbered = prepared((db, { journalId, number }: Pick<Part, 'journalId' | 'number'>) =>
  everyPart(db).where('journalId', '=', journalId).where('number', '=', number),
);
const partsOf = prepared((db, { journalId }: Pick<Part, 'journalId'>) =>
  everyPart(db).where('journalId', '=', journalId).orderBy('number'),
);
const steppedParts = prepared((db, { journalId }: Pick<Part, 'journalId'>) =>
  db.selectFrom('part').select('progress').where('journalId', '=', journalId).where('progress', 'is not', null),
);

const asPart = (row: PartRow): Part => ({ ...row, progress: progressOf(row.progress) });
const progressOf = (json: string | null): PartProgress => (json === null ? {} : (JSON.parse(json) as PartProgress));

function filesIn(json: string | null): MediaName[] {
  const { file, transcoded } = progressOf(json);
  const made = transcoded !== undefined && 'file' in transcoded ? transcoded.file : undefined;
  return [file, made].flatMap((sealed) => sealed?.name ?? []);
}
