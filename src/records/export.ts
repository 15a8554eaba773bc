/**
 * Gives records to somebody who asked: opened with an officer's key, proven, in a bag. That it was given is recorded in
 * the ledger before the bag is whole.
 */
import type { OfficerKey } from '../vault/officer-key.ts';
import { Bag, type BagRecord } from './bag.ts';
import { BaggedMedia, type MediaSource, type MissingMedia } from './bagged-media.ts';
import { Opening, type OpenRecord, type SealedRecord, type WrappedEpoch } from './opening.ts';

export interface Asked {
  readonly chat?: string | undefined;
  readonly contact?: string | undefined;
  /** When it was recorded, in milliseconds since the Unix epoch. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** `isOfHouse`: of no chat. */
export type HandedRecord = SealedRecord & { readonly isOfHouse: boolean };

/** The running bridge, which hands out what is sealed. */
export interface RecordSource extends MediaSource {
  head(): Promise<{ checkpoint: string; size: number; verifierKey: string }>;
  epochs(): Promise<readonly WrappedEpoch[]>;
  page(asked: Asked, after: number): Promise<{ entries: readonly HandedRecord[]; isLast: boolean }>;
  proofs(numbers: readonly number[], checkpoint: string): Promise<readonly string[]>;
  recordExport(about: {
    readonly officer: string;
    readonly asked: Asked;
    readonly redacted: readonly string[];
    readonly records: number;
    readonly manifest: string;
  }): Promise<BagRecord & { readonly proof: string; readonly checkpoint: string }>;
}

export interface ExportOptions {
  readonly asked: Asked;
  /** Names of fields that are left out. */
  readonly redacted: readonly string[];
  readonly officer: OfficerKey;
  /** Must be empty, or not there. */
  readonly directory: string;
  readonly now: number;
}

export interface Exported {
  readonly records: number;
  readonly destroyed: number;
  /** Files of the records. */
  readonly media: number;
  readonly missingMedia: readonly MissingMedia[];
}

/** Throws `CH-RECORDS-*` where an entry does not open; then the bag is none, and nothing is recorded. */
export async function exportRecords(source: RecordSource, options: ExportOptions): Promise<Exported> {
  const { asked, redacted, officer, directory, now } = options;
  const bag = await Bag.begin(directory);
  const { checkpoint, size, verifierKey } = await source.head();
  const opening = new Opening(await source.epochs(), officer);
  const tally = new Tally();
  const media = new BaggedMedia();
  try {
    await bag.add('checkpoint', [checkpoint]);
    const numbers: number[] = [];
    await bag.add('records.jsonl', linesOf(source, opening, { ...options, size, tally, media, numbers }));
    for (let at = 0; at < numbers.length; at += proofsAtOnce) {
      const some = numbers.slice(at, at + proofsAtOnce);
      for (const [place, proof] of (await source.proofs(some, checkpoint)).entries())
        await bag.addSmall(`proofs/${some[place]}.tlog-proof`, proof);
    }
    const files = await media.fill(bag, source);
    const statement = {
      asked,
      redacted,
      made: new Date(now).toISOString(),
      ...tally.told(redacted),
      ...files,
      size,
      verifierKey,
    };
    await bag.add('statement.json', [`${JSON.stringify(statement, null, 2)}\n`]);
    await bag.addFindingAid(whatIs);
    const manifest = await bag.seal();
    const about = { officer: officer.name, asked, redacted, records: numbers.length, manifest };
    const { proof, checkpoint: later, ...record } = await source.recordExport(about);
    await bag.finish(record, proof, later, {
      'Bagging-Date': new Date(now).toISOString().slice(0, 10),
      'Bag-Software-Agent': 'Chancery',
      'External-Description': `${numbers.length} records of a ledger, see data/statement.json`,
    });
    return { records: numbers.length, destroyed: tally.destroyed, ...files };
  } finally {
    opening.close();
  }
}

const proofsAtOnce = 200;

interface Reading extends ExportOptions {
  /** Entries in the tree that the proofs lead to. */
  readonly size: number;
  readonly tally: Tally;
  readonly media: BaggedMedia;
  /** Of what is in the bag; filled here. */
  readonly numbers: number[];
}

async function* linesOf(source: RecordSource, opening: Opening, reading: Reading): AsyncGenerator<string> {
  const { asked, redacted, size, tally, media, numbers } = reading;
  for (let after = -1, isLast = false; !isLast; ) {
    const page = await source.page(asked, after);
    for (const entry of page.entries) {
      after = entry.number;
      if (entry.number >= size) continue;
      if (entry.key === 'destroyed') {
        tally.destroyed += 1;
        continue;
      }
      const record = await opening.open(entry);
      if (asked.contact !== undefined && !concerns(record, asked.contact)) continue;
      tally.count(record);
      if (!redacted.includes('media')) media.note(record);
      numbers.push(record.number);
      yield `${JSON.stringify(withoutFields(record, redacted))}\n`;
    }
    isLast = page.isLast || page.entries.length === 0;
  }
}

/** Whether this person said it, or was in the chat when it happened (UK tribunal [2024] UKFTT 00581). */
export function concerns({ fields }: OpenRecord, contact: string): boolean {
  const people = fields.get('people');
  return [fields.get('author'), ...(Array.isArray(people) ? (people as readonly unknown[]) : [])].some((person) => {
    if (typeof person !== 'object' || person === null) return false;
    const { id, user } = person as { readonly id?: unknown; readonly user?: unknown };
    return id === contact || user === contact;
  });
}

/** The digest of what is left out stays in the leaf, where it cannot be guessed from. */
function withoutFields({ number, leaf, disclosures, fields }: OpenRecord, redacted: readonly string[]): BagRecord {
  const names = [...fields.keys()];
  return { number, leaf, disclosures: disclosures.filter((_, place) => !redacted.includes(names[place] ?? '')) };
}

/** What is in the bag, as its statement says it. */
class Tally {
  destroyed = 0;
  #records = 0;
  readonly #ranges = new Map<string, [from: number, to: number][]>();
  readonly #gaps: number[] = [];

  count({ number, fields }: OpenRecord): void {
    this.#records += 1;
    if (fields.get('kind') === 'gap') this.#gaps.push(number);
    const chat = JSON.stringify(fields.get('chat') === undefined ? 'the house' : chatOf(fields.get('chat')));
    const seq = Number(fields.get('seq'));
    const ranges = this.#ranges.get(chat) ?? [];
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === seq - 1) last[1] = seq;
    else ranges.push([seq, seq]);
    this.#ranges.set(chat, ranges);
  }

  /** Nothing that was left out of the records. */
  told(redacted: readonly string[]): object {
    const isBlind = redacted.includes('chat') || redacted.includes('seq');
    const ranges = isBlind ? [] : [...this.#ranges];
    const chats = ranges.map(([chat, sequences]) => ({ chat: JSON.parse(chat) as unknown, sequences }));
    const gaps = redacted.includes('kind') ? [] : this.#gaps;
    return { records: this.#records, destroyed: this.destroyed, chats, gaps };
  }
}

/** Without its name, which changes. */
function chatOf(chat: unknown): object {
  const { network, account, id } = chat as {
    readonly network?: unknown;
    readonly account?: unknown;
    readonly id?: unknown;
  };
  return { network, account, id };
}

function whatIs(path: string): string {
  if (path === 'data/records.jsonl') return 'the records, one in a line';
  if (path === 'data/checkpoint') return 'the signed head of the ledger to which the proofs lead';
  if (path === 'data/statement.json') return 'what was asked for, and what is in this bag';
  if (path.startsWith('data/media/')) return 'a file that a record names by its SHA-256';
  return 'the proof that a record is in the ledger';
}
