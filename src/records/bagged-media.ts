/**
 * The files that the records of a bag name: each is in it once, byte for byte as it is on record, or is told to be
 * missing, with the reason.
 */
import type { Bag } from './bag.ts';
import type { OpenRecord } from './opening.ts';

/**
 * - `gone`: the homeserver answers that it cannot hand it over.
 * - `different`: what it hands over is another file, or not the whole.
 * - `too large`: larger than what the homeserver takes now.
 * - `unknown place`: the record does not tell where the file lies.
 */
export type Missing = 'gone' | 'different' | 'too large' | 'unknown place';

export interface MissingMedia {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly why: Missing;
}

/** Its bytes, or why there are none. The stream throws `BrokenOff` when it ends too early. */
export type HandedMedia = AsyncIterable<Uint8Array> | Extract<Missing, 'gone' | 'too large'>;

/** The bridge began to hand a file over, and it did not come whole. */
export class BrokenOff extends Error {}

export interface MediaSource {
  /** Throws when it may be had later. */
  media(mxc: string, bytes: number): Promise<HandedMedia>;
}

interface Named {
  readonly bytes: number;
  /** Addresses at which the same file lies. */
  readonly places: Set<string>;
}

/** Where several places are known, that which tells most is told. */
const tellingMost = ['different', 'too large', 'gone'] as const;
/** A connection may break; a file that does so each time is not whole. */
const attempts = 2;

export class BaggedMedia {
  readonly #named = new Map<string, Named>();

  note({ fields }: Pick<OpenRecord, 'fields'>): void {
    for (const { sha256, bytes, mxc } of mediaOf(fields.get('media'))) {
      const named = this.#named.get(sha256) ?? { bytes, places: new Set() };
      if (mxc !== undefined) named.places.add(mxc);
      this.#named.set(sha256, named);
    }
  }

  /** Puts them into the bag, which has no half of a file afterwards whatever happens. */
  async fill(bag: Bag, source: MediaSource): Promise<{ media: number; missingMedia: MissingMedia[] }> {
    const missingMedia: MissingMedia[] = [];
    const sorted = [...this.#named].sort(([one], [other]) => (one < other ? -1 : 1));
    for (const [sha256, named] of sorted) {
      const why = await missing(bag, source, sha256, named);
      if (why !== undefined) missingMedia.push({ sha256, why });
    }
    return { media: sorted.length - missingMedia.length, missingMedia };
  }
}

/** Undefined when it is in the bag. */
async function missing(bag: Bag, source: MediaSource, sha256: string, named: Named): Promise<Missing | undefined> {
  const why = new Set<Missing>();
  for (const mxc of named.places) {
    const found = await fetched(bag, source, { sha256, bytes: named.bytes, mxc });
    if (found === 'whole') return undefined;
    why.add(found);
  }
  return tellingMost.find((reason) => why.has(reason)) ?? 'unknown place';
}

async function fetched(
  bag: Bag,
  source: MediaSource,
  { sha256, bytes, mxc }: { readonly sha256: string; readonly bytes: number; readonly mxc: string },
): Promise<'whole' | Missing> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const handed = await source.media(mxc, bytes);
    if (typeof handed === 'string') return handed;
    try {
      return (await bag.addIf(`media/${sha256}`, handed, { sha256, bytes })) ? 'whole' : 'different';
    } catch (thrown) {
      if (!(thrown instanceof BrokenOff)) throw thrown;
    }
  }
  return 'different';
}

interface NamedMedia {
  readonly sha256: string;
  readonly bytes: number;
  readonly mxc?: string | undefined;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** As far as the field is what docs/record-format.md says: a name becomes part of a path. */
function mediaOf(field: unknown): readonly NamedMedia[] {
  if (!Array.isArray(field)) return [];
  return (field as readonly unknown[]).flatMap((each) => {
    if (typeof each !== 'object' || each === null) return [];
    const { sha256, bytes, mxc } = each as {
      readonly sha256?: unknown;
      readonly bytes?: unknown;
      readonly mxc?: unknown;
    };
    if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256) || !isCount(bytes)) return [];
    return [{ sha256, bytes, ...(typeof mxc === 'string' ? { mxc } : {}) }];
  });
}
