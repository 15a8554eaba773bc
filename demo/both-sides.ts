/** Where a step is looked for: WhatsApp's log and the official's /sync, and nothing else. */
import type { OrdinaryClient, SeenEvent, SeenReceipt } from '../tests/peers/matrix-client/ordinary-client.ts';
import type { EntryOf, LogKind } from '../tests/peers/whatsapp-cloud/log-entry.ts';
import type { SimulatedWhatsApp } from '../tests/peers/whatsapp-cloud/simulated-whatsapp.ts';
import { member, textMember } from './line.ts';
import { boundMs, type Sight } from './steps.ts';

/** A message as both sides know it: its id at WhatsApp, its event in the room. */
export interface Said {
  readonly phone: string;
  readonly official: SeenEvent;
}

export interface BothSides {
  /** This run's log; the simulator knows nothing of earlier runs. */
  readonly whatsapp: SimulatedWhatsApp;
  readonly official: OrdinaryClient;
  /** Events that were there before this run: never taken for one of this run. */
  readonly before: ReadonlySet<string>;
  readonly citizen: { readonly phone: string; readonly name: string };
}

export class Witnesses {
  readonly #sides: BothSides;

  constructor(sides: BothSides) {
    this.#sides = sides;
  }

  entry<K extends LogKind>(expected: string, kind: K, fits: (entry: EntryOf<K>) => boolean): Sight<EntryOf<K>> {
    const { whatsapp } = this.#sides;
    return { expected, see: () => whatsapp.waitForKind(kind, fits, { what: expected, timeoutMs: boundMs }) };
  }

  event(expected: string, fits: (event: SeenEvent) => boolean): Sight<SeenEvent> {
    const { official, before } = this.#sides;
    const isNew = (event: SeenEvent): boolean => !before.has(event.event_id) && fits(event);
    return { expected, see: () => official.waitForEvent(isNew, { what: expected, timeoutMs: boundMs }) };
  }

  receipt(expected: string, fits: (receipt: SeenReceipt) => boolean): Sight<SeenReceipt> {
    const { official } = this.#sides;
    return { expected, see: () => official.waitForReceipt(fits, { what: expected, timeoutMs: boundMs }) };
  }
}

/** The same sight, told by its message's id. */
export const messageId = <E extends { readonly messageId: string }>({ expected, see }: Sight<E>): Sight<string> => ({
  expected,
  see: async () => (await see()).messageId,
});

/** Which event this one replies to. */
export const replyTarget = ({ content }: SeenEvent): string | undefined =>
  textMember(member(content['m.relates_to'], 'm.in_reply_to'), 'event_id');

/** Which event this one is about: a reaction, a status. */
export const relationTarget = ({ content }: SeenEvent): string | undefined =>
  textMember(content['m.relates_to'], 'event_id');
