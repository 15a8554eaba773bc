/**
 * Seals on a thread of its own: whoever hands a message over waits for nothing but its commit. What waits here lies in
 * the database as well, so that nothing is lost with the process.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ChanceryError, messageOf } from '../base/errors.ts';
import type { Batch, FromThread, OpenEntry, SealingThreadData, ToThread } from './sealing-messages.ts';

/** So much may wait to be sealed; then commits wait. */
const maxEntries = 20_000;
const maxCharacters = 64_000_000;
const roomWithinMs = 5_000;
const endsWithinMs = 10_000;

interface Waiting {
  readonly isOver: () => boolean;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

export interface SealingHandleOptions extends SealingThreadData {
  /** Everything below this number is sealed. */
  readonly onSealed: (below: number) => void;
  /** It goes on trying. */
  readonly onTrouble: (words: string) => void;
}

export class SealingHandle {
  readonly #options: SealingHandleOptions;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #opened = new Map<number, OpenEntry>();
  /** Handed over and not sealed yet. */
  #batches: { readonly end: number; readonly characters: number }[] = [];
  #characters = 0;
  #handedOver: number;
  #below: number;
  #waiting: Waiting[] = [];
  #failure: Error | undefined;
  #epoch: ((epoch: { readonly name: string; readonly wrappedKey: string }) => void) | undefined;

  /** `below`: everything below this number is sealed. */
  constructor(below: number, options: SealingHandleOptions) {
    this.#options = options;
    this.#below = below;
    this.#handedOver = below;
    const { directory, databaseKey, keysFile, recipients } = options;
    const workerData: SealingThreadData = { directory, databaseKey, keysFile, recipients };
    const file = new URL(`./sealing-thread${extname(import.meta.filename)}`, import.meta.url);
    this.#worker = new Worker(file, { workerData });
    this.#worker.on('message', (message: FromThread) => this.#told(message));
    this.#worker.on('error', (thrown) => this.#fail(messageOf(thrown)));
    this.#exited = new Promise((resolve) =>
      this.#worker.once('exit', () => {
        this.#fail('The thread that seals has ended.');
        resolve();
      }),
    );
    this.#worker.unref();
  }

  /** Its wrapped key is to be kept before `beginEpoch`. Throws `CH-STORE-FAILED`. */
  async newEpoch(): Promise<{ readonly name: string; readonly wrappedKey: string }> {
    let epoch: { readonly name: string; readonly wrappedKey: string } | undefined;
    this.#epoch = (told) => (epoch = told);
    this.#tell({ what: 'new epoch' });
    await this.#until(() => epoch !== undefined);
    if (epoch === undefined) throw new Error('an epoch was told');
    return epoch;
  }

  beginEpoch(id: number): void {
    this.#tell({ what: 'begin epoch', id });
  }

  seal(batch: Batch): void {
    const { first, count, happenings } = batch;
    this.#handedOver = first + count;
    this.#batches.push({ end: this.#handedOver, characters: happenings.length });
    this.#characters += happenings.length;
    this.#tell({ what: 'seal', batch });
  }

  /** Resolves when there is room for more. Throws `CH-STORE-BUSY` when there is none for seconds, `CH-STORE-FAILED`. */
  async room(): Promise<void> {
    const isRoom = (): boolean => this.#handedOver - this.#below < maxEntries && this.#characters < maxCharacters;
    if (this.#failure === undefined && isRoom()) return;
    const timer = setTimeout(() => this.#giveUp(isRoom), roomWithinMs);
    await this.#until(isRoom).finally(() => clearTimeout(timer));
  }

  /** Resolves when everything that was handed over is sealed. Throws `CH-STORE-FAILED`. */
  async settled(): Promise<void> {
    const end = this.#handedOver;
    if (this.#below >= end) return;
    this.#tell({ what: 'hurry' });
    await this.#until(() => this.#below >= end);
  }

  /** An entry that was to be handed back, once it is sealed. Throws `CH-STORE-FAILED`. */
  async opened(number: number): Promise<OpenEntry> {
    await this.settled();
    const entry = this.#opened.get(number);
    this.#opened.delete(number);
    if (entry === undefined) throw new ChanceryError('CH-STORE-FAILED', { detail: `Entry ${number} was not sealed.` });
    return entry;
  }

  /** Seals what waits, as far as it can be done now: the rest is sealed after the next start. */
  async end(): Promise<void> {
    this.#tell({ what: 'end' });
    this.#worker.ref();
    const timer = setTimeout(() => void this.#worker.terminate(), endsWithinMs);
    await this.#exited;
    clearTimeout(timer);
  }

  #tell(message: ToThread): void {
    if (this.#failure === undefined) this.#worker.postMessage(message);
  }

  #told(message: FromThread): void {
    if (message.what === 'epoch') this.#epoch?.({ name: message.name, wrappedKey: message.wrappedKey });
    else if (message.what === 'trouble') this.#options.onTrouble(message.words);
    else this.#sealedBelow(message.below, message.opened);
    const over = this.#waiting.filter(({ isOver }) => isOver());
    this.#waiting = this.#waiting.filter((each) => !over.includes(each));
    for (const { resolve } of over) resolve();
    if (this.#waiting.length === 0) this.#worker.unref();
  }

  #sealedBelow(below: number, opened: readonly OpenEntry[]): void {
    this.#below = below;
    const open = this.#batches.findIndex(({ end }) => end > below);
    const done = this.#batches.splice(0, open === -1 ? this.#batches.length : open);
    for (const { characters } of done) this.#characters -= characters;
    for (const entry of opened) this.#opened.set(entry.number, entry);
    this.#options.onSealed(below);
  }

  async #until(isOver: () => boolean): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    // Who waits keeps the process alive.
    this.#worker.ref();
    await new Promise<void>((resolve, reject) => this.#waiting.push({ isOver, resolve, reject }));
  }

  #giveUp(isOver: () => boolean): void {
    const waiting = this.#waiting.filter((each) => each.isOver === isOver);
    this.#waiting = this.#waiting.filter((each) => each.isOver !== isOver);
    for (const { reject } of waiting) reject(new ChanceryError('CH-STORE-BUSY'));
  }

  #fail(detail: string): void {
    this.#failure ??= new ChanceryError('CH-STORE-FAILED', { detail });
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
