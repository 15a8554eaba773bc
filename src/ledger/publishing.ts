/**
 * Carries what is recorded into the tree and signs its head. The database is ahead of the tree, never behind it: what a
 * crash kept from the tree is carried there after the next start. A head that contradicts an earlier one is not signed.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';
import type { Log } from '../base/logging.ts';
import type { Store } from '../store/store.ts';
import { replaceFile } from '../vault/replace-file.ts';
import { type Head, openHead, signHead, type Signer } from './checkpoint.ts';
import { inclusionProof, type ReadHash, rootOf } from './merkle.ts';
import type { OutsideHeads } from './outside-heads.ts';
import { writeProof } from './proof.ts';
import { Tiles } from './tiles.ts';

export interface PublishingOptions {
  readonly store: Store;
  /** Where tiles and checkpoint lie. */
  readonly directory: string;
  /** Where each head is put as well. */
  readonly outside: OutsideHeads;
  readonly signer: Signer;
  /** Resolves when everything that is recorded by now is an entry. */
  readonly settled: () => Promise<void>;
  readonly log: Log;
}

export interface PublishedHead {
  readonly checkpoint: string;
  readonly size: number;
}

const leavesAtOnce = 512;
const everyMs = 1_000;

export class Publishing {
  readonly #options: PublishingOptions;
  readonly #tiles: Tiles;
  #head: PublishedHead | undefined;
  /** What is in memory of the tree may not be what is on disk: something could not be written. */
  #isTorn = false;
  #running: Promise<PublishedHead> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PublishingOptions) {
    this.#options = options;
    this.#tiles = new Tiles(options.directory);
  }

  get verifierKey(): string {
    return this.#options.signer.verifierKey;
  }

  /** Takes up the tree as it lies there. Throws `CH-LEDGER-FORKED` and `CH-STORE-FAILED`. */
  async open(): Promise<void> {
    const { directory, store, log } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const known = await this.#known();
    const recorded = await store.read.entries.count();
    const largest = known.reduce((size, head) => Math.max(size, head.size), 0);
    if (largest > recorded)
      throw forked(`${recorded} entries are recorded here, but a head over ${largest} was signed before.`);
    const own = await this.#readHead(join(directory, 'checkpoint'));
    if (own !== undefined && (await this.#isAsSigned(own.head)))
      this.#head = { checkpoint: own.note, size: own.head.size };
    else {
      if (own !== undefined) log.warn({ size: own.head.size }, 'the tree of the ledger is not whole: it is made again');
      this.#tiles.empty();
      await this.#carry(recorded);
    }
    for (const head of known) await this.#mustAgree(head);
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.publish().catch((thrown: unknown) =>
        this.#options.log.error({ err: thrown }, 'the ledger was not published'),
      );
    }, everyMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    try {
      await this.publish();
    } finally {
      await this.#options.outside.close();
    }
  }

  /** The head over everything that is recorded by now. Throws `CH-STORE-FAILED`. */
  async publish(): Promise<PublishedHead> {
    // Who comes while one is under way wants what was recorded meanwhile as well.
    if (this.#running !== undefined) await this.#running.catch(() => undefined);
    this.#running ??= this.#publishNow().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** For each entry; undefined where it is not in the tree of this checkpoint, or that is none of ours. */
  async proofs(numbers: readonly number[], checkpoint: string): Promise<readonly (string | undefined)[]> {
    const head = openHead(checkpoint, this.verifierKey);
    const isKnown = !('fault' in head) && head.size <= this.#tiles.size;
    const read = remembered(this.#tiles.hash);
    const proofs: (string | undefined)[] = [];
    for (const number of numbers)
      proofs.push(
        isKnown && number < head.size
          ? writeProof(number, await inclusionProof(number, head.size, read), checkpoint)
          : undefined,
      );
    return proofs;
  }

  async #publishNow(): Promise<PublishedHead> {
    const { store, signer, directory, outside, settled } = this.#options;
    await settled();
    const size = await store.read.entries.count();
    if (this.#head?.size === size) return this.#head;
    // From the last head on, as after a start.
    if (this.#isTorn && !(await this.#tiles.load(this.#head?.size ?? 0))) this.#tiles.empty();
    this.#isTorn = true;
    await this.#carry(size);
    this.#isTorn = false;
    const checkpoint = signHead({ size, root: await rootOf(size, this.#tiles.hash) }, signer);
    await outside.put(checkpoint);
    await replaceFile(join(directory, 'checkpoint'), checkpoint);
    this.#head = { checkpoint, size };
    return this.#head;
  }

  async #carry(to: number): Promise<void> {
    const { entries } = this.#options.store.read;
    while (this.#tiles.size < to) {
      const leaves = await entries.leaves(this.#tiles.size, Math.min(leavesAtOnce, to - this.#tiles.size));
      if (leaves.length === 0)
        throw new ChanceryError('CH-STORE-FAILED', { detail: 'An entry of the ledger is missing.' });
      await this.#tiles.append(leaves);
    }
    await this.#tiles.flush();
  }

  /** The heads that were signed before, here and outside. */
  async #known(): Promise<Head[]> {
    const { directory, outside } = this.#options;
    const own = await this.#readHead(join(directory, 'checkpoint'));
    const others = (await outside.known()).map(({ setting, note }) => this.#headIn(note, `what is at ${setting}`));
    return own === undefined ? others : [own.head, ...others];
  }

  async #readHead(path: string): Promise<{ readonly note: string; readonly head: Head } | undefined> {
    let note: string;
    try {
      note = await readFile(path, 'utf8');
    } catch (thrown) {
      if (systemCodeOf(thrown) === 'ENOENT') return undefined;
      throw new ChanceryError('CH-STORE-FAILED', { place: path, detail: messageOf(thrown), cause: thrown });
    }
    return { note, head: this.#headIn(note, path) };
  }

  #headIn(note: string, place: string): Head {
    const head = openHead(note, this.verifierKey);
    if ('fault' in head) throw forked(`${place} is no head of this ledger: ${head.fault}.`);
    return head;
  }

  async #isAsSigned({ size, root }: Head): Promise<boolean> {
    if (!(await this.#tiles.load(size))) return false;
    try {
      return Buffer.from(await rootOf(size, this.#tiles.hash)).equals(root);
    } catch (thrown) {
      if (thrown instanceof ChanceryError) return false;
      throw thrown;
    }
  }

  async #mustAgree({ size, root }: Head): Promise<void> {
    if (size > this.#tiles.size) await this.#carry(size);
    if (!Buffer.from(await rootOf(size, this.#tiles.hash)).equals(root))
      throw forked(`The first ${size} entries are not those over which a head was signed before.`);
  }
}

const forked = (detail: string): ChanceryError => new ChanceryError('CH-LEDGER-FORKED', { detail });

/** Proofs of one head have most of their hashes in common. */
function remembered(read: ReadHash): ReadHash {
  const known = new Map<string, Uint8Array>();
  return async (level, index) => {
    const place = `${level}/${index}`;
    const hash = known.get(place) ?? (await read(level, index));
    known.set(place, hash);
    return hash;
  };
}
