/** The two ends, indexed: what WhatsApp's log tells, and what a Matrix client sees. */
import type { ReadEvent } from '../../peers/matrix-client/independent-reader.ts';
import type { EntryOf, LogEntry } from '../../peers/whatsapp-cloud/log-entry.ts';
import type { Handed, HandedIn, HandedOut } from './handed.ts';

export interface AtPhone {
  readonly message: string;
  readonly seq: number;
  readonly replyTo: string | undefined;
  readonly sha256: string | undefined;
}

type ToPhone = EntryOf<'business-message'> | EntryOf<'business-reaction'>;

export class Side {
  readonly #bot: string;
  readonly #officials: ReadonlySet<string>;
  readonly #log: readonly LogEntry[];
  /** Every event that is a message or a reaction, with its place in its room. */
  readonly #events: ReadonlyMap<string, readonly (ReadEvent & { readonly place: number })[]>;
  readonly #phone: ReadonlyMap<string, readonly ToPhone[]>;
  readonly #notices: ReadonlyMap<string, readonly ReadEvent[]>;
  readonly #rooms: ReadonlyMap<string, readonly string[]>;
  readonly #places: ReadonlyMap<string, number>;

  /** `bot` and `officials` are Matrix user ids; everybody else in a room is a citizen's ghost. */
  constructor(
    rooms: ReadonlyMap<string, readonly ReadEvent[]>,
    log: readonly LogEntry[],
    { bot, officials }: { readonly bot: string; readonly officials: readonly string[] },
  ) {
    this.#bot = bot;
    this.#officials = new Set(officials);
    this.#log = log;
    const all = [...rooms.values()].flatMap((events) => events.map((event, place) => ({ ...event, place })));
    const standing = all.filter(({ isRedacted, stateKey }) => !isRedacted && stateKey === undefined);
    this.#places = new Map(all.map(({ id, place }) => [id, place]));
    this.#events = Map.groupBy(
      standing.filter(({ type, sender }) => isSaid(type) && this.#isGhost(sender)),
      keyOfEvent,
    );
    this.#notices = Map.groupBy(
      standing.filter(
        ({ type, sender, replyTo }) => type === 'm.room.message' && sender === bot && replyTo !== undefined,
      ),
      ({ replyTo }) => replyTo ?? '',
    );
    this.#phone = Map.groupBy(log.filter(isToPhone), keyAtPhone);
    this.#rooms = Map.groupBy([...rooms.keys()], (room) => citizenIn(rooms.get(room) ?? []));
  }

  /** The events that show it. A reaction has no words: it is known by what it stands at. */
  inRooms(handed: HandedIn): readonly ReadEvent[] {
    return this.#events.get(this.#keyInRoom(handed)) ?? [];
  }

  atPhone(handed: HandedOut, piece: string): readonly AtPhone[] {
    const key = handed.kind === 'reaction' ? `${this.messageOf(handed.replyTo) ?? ''} ${handed.emoji ?? ''}` : piece;
    return (this.#phone.get(key) ?? []).map((entry) => ({
      message: entry.messageId,
      seq: entry.seq,
      replyTo: entry.kind === 'business-message' ? entry.replyTo : undefined,
      sha256: entry.kind === 'business-message' ? entry.media?.sha256 : undefined,
    }));
  }

  /** What the bot answered to this event, in words. */
  noticesAt(event: string): readonly ReadEvent[] {
    return this.#notices.get(event) ?? [];
  }

  /** The event in which a Matrix user sees it. */
  eventOf(handed: Handed | undefined): string | undefined {
    if (handed === undefined) return undefined;
    return handed.side === 'out' ? handed.event : this.inRooms(handed)[0]?.id;
  }

  /** The message that a citizen sees, by WhatsApp's id. */
  messageOf(handed: Handed | undefined): string | undefined {
    if (handed === undefined) return undefined;
    return handed.side === 'in' ? handed.message : this.atPhone(handed, handed.pieces[0] ?? '')[0]?.message;
  }

  /** Whether the other side has all of it, or was told why not. */
  isThrough(handed: Handed): boolean {
    if (handed.side === 'in') return this.inRooms(handed).length > 0;
    return (
      this.noticesAt(handed.event).length > 0 ||
      (!handed.isRefused && handed.pieces.every((piece) => this.atPhone(handed, piece).length > 0))
    );
  }

  /** Where its pieces are on the other side, in the order in which they should be there. */
  placesOf(handed: Handed): readonly { readonly there: number }[] {
    if (handed.side === 'in') return this.inRooms(handed).map(({ id }) => ({ there: this.#places.get(id) ?? -1 }));
    return handed.pieces.flatMap((piece) => this.atPhone(handed, piece).map(({ seq }) => ({ there: seq })));
  }

  /**
   * For two of one lane, the first handed in before the second. Events of a room are in the room's own order. A webhook
   * says nothing about order while another one is still on its way.
   */
  mustPrecede(earlier: Handed, later: Handed): boolean {
    if (earlier.side === 'out' && later.side === 'out')
      return (this.#places.get(earlier.event) ?? 0) < (this.#places.get(later.event) ?? 0);
    if (earlier.side === 'out' || later.side === 'out') return false;
    return this.#takenAt(earlier.message) < this.#firstTriedAt(later.message);
  }

  citizenOf(room: string): string | undefined {
    return [...this.#rooms].find(([, rooms]) => rooms.includes(room))?.[0];
  }

  roomsOf(citizen: string): readonly string[] {
    return this.#rooms.get(citizen) ?? [];
  }

  /** What is on either side and was not among these. */
  unknownTo(handed: readonly Handed[]): string[] {
    const inRooms = new Set(handed.flatMap((each) => (each.side === 'in' ? [this.#keyInRoom(each)] : [])));
    const atPhone = new Set(
      handed.flatMap((each) =>
        each.side === 'out'
          ? each.pieces.flatMap((piece) => this.atPhone(each, piece).map(({ message }) => message))
          : [],
      ),
    );
    return [
      ...[...this.#events.keys()].filter((key) => !inRooms.has(key)).map((key) => `${key}, which is in a room`),
      ...[...this.#phone.entries()].flatMap(([key, entries]) =>
        entries.filter(({ messageId }) => !atPhone.has(messageId)).map(() => `${key}, which is at a phone`),
      ),
    ];
  }

  #keyInRoom(handed: HandedIn): string {
    return handed.kind === 'reaction' ? `${this.eventOf(handed.replyTo) ?? ''} ${handed.emoji ?? ''}` : handed.words;
  }

  #isGhost(user: string): boolean {
    return user !== this.#bot && !this.#officials.has(user);
  }

  #takenAt(message: string): number {
    const taken = this.#log.find((entry) => entry.kind === 'webhook-delivered' && entry.about.includes(message));
    return taken?.at ?? Number.POSITIVE_INFINITY;
  }

  #firstTriedAt(message: string): number {
    const tried = this.#log.find(
      (entry) =>
        (entry.kind === 'webhook-delivered' || entry.kind === 'webhook-failed') && entry.about.includes(message),
    );
    return tried === undefined || !('ms' in tried) ? 0 : tried.at - tried.ms;
  }
}

const isSaid = (type: string): boolean => type === 'm.room.message' || type === 'm.reaction';
const isToPhone = (entry: LogEntry): entry is ToPhone =>
  entry.kind === 'business-message' || entry.kind === 'business-reaction';

function keyOfEvent({ type, content }: ReadEvent): string {
  if (type === 'm.room.message') return String(content['body']);
  const { event_id, key } = (content['m.relates_to'] ?? {}) as { event_id?: string; key?: string };
  return `${event_id ?? ''} ${key ?? ''}`;
}

function keyAtPhone(entry: ToPhone): string {
  if (entry.kind === 'business-reaction') return `${entry.target} ${entry.emoji ?? 'none'}`;
  const { caption, body } = (entry.content ?? {}) as { caption?: string; body?: string };
  return (caption ?? body ?? '').trim();
}

/** The bridge tells in the state of a room whose it is (MSC2346). */
function citizenIn(events: readonly ReadEvent[]): string {
  const info = events.find(({ type }) => type === 'm.bridge' || type === 'uk.half-shot.bridge');
  const { channel } = (info?.content ?? {}) as { channel?: { id?: string; displayname?: string } };
  return channel?.displayname ?? channel?.id ?? 'nobody';
}
