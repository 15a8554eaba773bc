/**
 * One official and any number of citizens in a house: what tests do and ask again and again. What arrived is told by
 * the ordinary client and by the simulator's own log, never by the bridge.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { House, type HouseOptions } from './house.ts';
import type { OrdinaryClient, SeenEvent } from './matrix-client/ordinary-client.ts';
import { searchHouse, searchLog } from './search.ts';
import type { EntryOf } from './whatsapp-cloud/log-entry.ts';

export type ReachedPhone = EntryOf<'business-message'>;

const longMs = 60_000;
const quietLooks = 3;
const quietForMs = 150;

export class Scene {
  readonly house: House;
  /** The official who is invited to every portal and may command the bot. */
  readonly ana: OrdinaryClient;
  #citizens = 0;

  private constructor(house: House, ana: OrdinaryClient) {
    this.house = house;
    this.ana = ana;
  }

  static async open(options: HouseOptions = {}): Promise<Scene> {
    const house = await House.running(options);
    return new Scene(house, await house.client());
  }

  /** Ends everything; throws when the bridge left on disk what must not be there. */
  async close(): Promise<void> {
    try {
      await this.house.bridge.stop();
      const findings = [
        ...(await searchHouse(this.house, await this.everythingSaid())),
        ...searchLog(this.house, await this.everythingPersonal()),
      ];
      if (findings.length > 0) throw new Error(`The bridge left on disk:\n${findings.join('\n')}`);
    } finally {
      await this.house.close();
    }
  }

  async everythingSaid(): Promise<string[]> {
    return (await this.house.whatsapp.everything()).flatMap((entry) => {
      if (entry.kind !== 'citizen-message' && entry.kind !== 'business-message') return [];
      const words = wordsOf(entry);
      return typeof words === 'string' ? [words] : [];
    });
  }

  /** Numbers, user ids and names of all who took part, and the names of their files. */
  async everythingPersonal(): Promise<string[]> {
    const [citizens, log] = [await this.house.whatsapp.citizens(), await this.house.whatsapp.everything()];
    return [
      ...citizens.flatMap(({ key, phone, userId, username, name }) => [key, phone, userId, username, name]),
      ...log.map((entry) => ('media' in entry ? entry.media?.filename : undefined)),
    ].filter((text) => text !== undefined);
  }

  /** A citizen nobody has seen: a room has to be made, a ghost, invitations. Resolves to the number. */
  async newCitizen(): Promise<string> {
    this.#citizens += 1;
    const phone = `4930555${String(this.#citizens).padStart(5, '0')}`;
    await this.house.whatsapp.citizen({ phone, name: `Citizen ${this.#citizens}` });
    return phone;
  }

  /** A chat in which the official may write, begun by the citizen with these words. */
  async openChat(words: string): Promise<{ readonly phone: string; readonly room: string; readonly first: SeenEvent }> {
    const phone = await this.newCitizen();
    await this.house.whatsapp.writeText(phone, words);
    const first = await this.arrivesInRoom(words);
    return { phone, room: first.room_id, first };
  }

  /** The event with this text or caption. */
  async arrivesInRoom(words: string): Promise<SeenEvent> {
    return this.ana.waitForEvent(saying(words), { what: words, timeoutMs: longMs });
  }

  /** The message with this text or caption on a phone. */
  async arrivesAtPhone(words: string): Promise<ReachedPhone> {
    return this.house.whatsapp.waitForKind('business-message', (entry) => wordsOf(entry) === words, {
      what: words,
      timeoutMs: longMs,
    });
  }

  /** Everything with this text or caption that reached a phone. */
  async reachedPhone(words: string): Promise<ReachedPhone[]> {
    const log = await this.house.whatsapp.everything();
    return log.filter((entry): entry is ReachedPhone => entry.kind === 'business-message' && wordsOf(entry) === words);
  }

  /** What the bot answers to this event, as this client sees it. */
  async answerTo(event: string, client = this.ana): Promise<string> {
    const answer = await client.waitForEvent(({ content }) => replyTarget(content) === event, {
      what: `an answer to ${event}`,
      timeoutMs: longMs,
    });
    return String(answer.content['body']);
  }

  /** The bot's answer to a command in a portal. */
  async command(room: string, line: string): Promise<string> {
    return this.answerTo(await this.ana.sendText(room, `!chancery ${line}`));
  }

  /** Nothing is left to do, and what came twice would have come by now; or so much time is over. */
  async settled(withinMs = Number.POSITIVE_INFINITY): Promise<void> {
    const deadline = Date.now() + withinMs;
    for (let quiet = 0; quiet < quietLooks && Date.now() < deadline; ) {
      const { journal } = await this.house.bridge.status();
      quiet = journal['waiting'] === 0 ? quiet + 1 : 0;
      await delay(quietForMs);
    }
  }

  /** Starts the bridge anew, to kill itself when it passes this point. */
  async restartDyingAt(point: string): Promise<void> {
    await this.house.bridge.stop();
    await this.house.bridge.start({ dieAt: point });
  }

  /** Waits for that death, starts the bridge again, and has WhatsApp repeat at once what was not taken. */
  async restartAfterDeath(): Promise<void> {
    await this.house.bridge.ended(longMs);
    await this.house.bridge.start();
    await this.house.whatsapp.retryNow();
  }
}

export const saying =
  (words: string) =>
  ({ content }: SeenEvent): boolean =>
    content['body'] === words;

/** The event that this one replies to. */
export const replyTarget = (content: SeenEvent['content']): string | undefined =>
  (content['m.relates_to'] as { 'm.in_reply_to'?: { event_id?: string } } | undefined)?.['m.in_reply_to']?.event_id;

/** Text or caption of what reached a phone. */
export function wordsOf({ content }: Pick<ReachedPhone, 'content'>): unknown {
  const { caption, body } = (content ?? {}) as { caption?: unknown; body?: unknown };
  return caption ?? body;
}
