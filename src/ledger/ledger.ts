/**
 * The ledger: what happens gets its number in the transaction that changes its state, and lies in the database until it
 * is sealed, a moment later, on a thread of its own (`Sealing`).
 */
import { ChanceryError } from '../base/errors.ts';
import type { ChatThen, Happening, Recorder } from '../model/happening.ts';
import type { AccountId, EventId } from '../model/ids.ts';
import type { LedgerKeeper, Repositories, Store } from '../store/store.ts';
import type { EntryKeys } from '../vault/entry-keys.ts';
import { SealingHandle } from './sealing-handle.ts';
import type { OpenEntry, SealingThreadData, Told } from './sealing-messages.ts';

export interface LedgerOptions extends SealingThreadData {
  readonly keys: EntryKeys;
  readonly networkOf: (account: AccountId) => string | undefined;
  readonly now: () => number;
  /** Why nothing can be sealed at the moment. */
  readonly onTrouble: (words: string) => void;
}

interface Recorded {
  /** JSON of `Told`. */
  readonly text: string;
  readonly event: EventId | undefined;
  readonly isOpen: boolean;
}

/** More entries than are ever sealed together. */
const maxTogether = 100_000;
const batchesAtOnce = 100;
/** What is sealed is forgotten here with the next commit, and after so long without one. */
const forgottenAfterMs = 500;

export class Ledger implements LedgerKeeper {
  readonly #options: LedgerOptions;
  #repositories: Repositories | undefined;
  #store: Store | undefined;
  #sealing: SealingHandle | undefined;
  /** What belongs to the commit under way, and where the last piece of work in it began. */
  #group: Recorded[] = [];
  #mark = 0;
  /** The group as it is written: a JSON list of `Told`. */
  #happenings = '';
  /** The number of the first entry that is not committed yet. */
  #next = 0;
  #sealedBelow = 0;
  #forgottenBelow = 0;
  #forgetting: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Events among what is committed and not sealed, in order. */
  readonly #events = new Map<EventId, number>();

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** For the start: what was committed and not sealed before is sealed now. Throws `CH-LEDGER-FORKED`, `CH-STORE-FAILED`. */
  async begin(store: Store): Promise<void> {
    const { keys } = this.#options;
    const count = await store.read.entries.count();
    // What a crash leaves behind is the keys of what was sealed together at most.
    if (keys.end > count + maxTogether)
      throw new ChanceryError('CH-LEDGER-FORKED', {
        detail: `${count} entries are recorded here, but there are keys of ${keys.end}.`,
      });
    await keys.withdraw(count);
    this.#store = store;
    this.#next = count;
    this.#sealedBelow = count;
    this.#sealing = new SealingHandle(count, {
      ...this.#options,
      onSealed: (below) => this.#sealed(below),
    });
    await this.beginEpoch(store);
    await this.#sealLeftOver(store, this.#sealing);
  }

  /** A new epoch: what was sealed before cannot be opened here any more. */
  async beginEpoch(store: Store): Promise<void> {
    const sealing = this.#begun();
    const epoch = { ...(await sealing.newEpoch()), beganAt: this.#options.now() };
    sealing.beginEpoch(await store.write((unit) => unit.epochs.begin(epoch)));
  }

  /** Resolves when everything that is committed is sealed. Throws `CH-STORE-FAILED`. */
  async settled(): Promise<void> {
    await this.#sealing?.settled();
  }

  /** What cannot be sealed now is sealed after the next start. To be called before the store is closed. */
  async end(): Promise<void> {
    await this.#sealing?.end();
    clearTimeout(this.#timer);
    await this.#forget();
  }

  recorderOver(repositories: Repositories): Recorder {
    this.#repositories = repositories;
    const next = (): number => this.#next + this.#group.length;
    return {
      get next() {
        return next();
      },
      record: async (happening) => this.#record(happening, false),
      hasEvent: async (event) =>
        this.#events.has(event) ||
        this.#group.some((each) => each.event === event) ||
        (await repositories.entries.hasEvent(event)),
    };
  }

  /** Records it in a transaction of its own, and hands it back as it can be read. */
  async recordOpenly(store: Store, happening: Happening): Promise<OpenEntry> {
    const number = await store.write(async () => this.#record(happening, true));
    return await this.#begun().opened(number);
  }

  workBegins(): void {
    this.#mark = this.#group.length;
  }

  workTakenBack(): void {
    this.#group.length = this.#mark;
  }

  async beforeCommit(): Promise<void> {
    const { unsealed } = this.#repositories ?? {};
    if (unsealed === undefined) return;
    if (this.#sealedBelow > this.#forgottenBelow) {
      this.#forgetting = this.#sealedBelow;
      await unsealed.forget(this.#forgetting);
    }
    if (this.#group.length === 0) return;
    await this.#begun().room();
    this.#happenings = `[${this.#group.map(({ text }) => text).join(',')}]`;
    await unsealed.add({ first: this.#next, count: this.#group.length, happenings: this.#happenings });
  }

  committed(): void {
    this.#forgottenBelow = this.#forgetting ?? this.#forgottenBelow;
    this.#forgetting = undefined;
    const group = this.#group;
    if (group.length === 0) return;
    const first = this.#next;
    this.#next += group.length;
    this.#group = [];
    const openly: number[] = [];
    for (const [place, { event, isOpen }] of group.entries()) {
      if (event !== undefined) this.#events.set(event, first + place);
      if (isOpen) openly.push(first + place);
    }
    this.#sealing?.seal({ first, count: group.length, happenings: this.#happenings, openly });
  }

  takenBack(): void {
    this.#group = [];
    this.#forgetting = undefined;
  }

  #record(happening: Happening, isOpen: boolean): number {
    this.#begun();
    const { networkOf, now } = this.#options;
    const { chat, ...rest } = happening;
    const network = chat === undefined ? undefined : networkOf(chat.accountId);
    const told: Told = {
      happening: chat === undefined ? happening : { ...rest, chat: thenOf(chat) },
      ...(network === undefined ? {} : { network }),
      recorded: now(),
    };
    this.#group.push({ text: JSON.stringify(told), event: happening.event, isOpen });
    return this.#next + this.#group.length - 1;
  }

  async #sealLeftOver(store: Store, sealing: SealingHandle): Promise<void> {
    for (let after = -1; ; ) {
      const batches = await store.read.unsealed.page(after, batchesAtOnce);
      for (const { first, count, happenings } of batches) {
        after = first;
        if (first + count <= this.#sealedBelow) continue;
        if (first > this.#next)
          throw new ChanceryError('CH-LEDGER-FORKED', {
            detail: `Entry ${first} waits to be sealed, but there are only ${this.#next} before it.`,
          });
        this.#next = first + count;
        await sealing.room();
        sealing.seal({ first, count, happenings, openly: [] });
      }
      if (batches.length < batchesAtOnce) return;
    }
  }

  #sealed(below: number): void {
    this.#sealedBelow = below;
    for (const [event, number] of this.#events) {
      if (number >= below) break;
      this.#events.delete(event);
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#forget().catch((thrown: unknown) => this.#options.onTrouble(String(thrown)));
    }, forgottenAfterMs).unref();
  }

  async #forget(): Promise<void> {
    if (this.#sealedBelow > this.#forgottenBelow) await this.#store?.writeSoon(async () => undefined);
  }

  #begun(): SealingHandle {
    if (this.#sealing !== undefined) return this.#sealing;
    throw new ChanceryError('CH-STORE-FAILED', { detail: 'The ledger has not begun yet.' });
  }
}

/** What it is handed has more to it. */
const thenOf = ({ id, accountId, chatId, name, people }: ChatThen): ChatThen => ({
  id,
  accountId,
  chatId,
  name,
  people,
});
