/**
 * The database as the rest of the house uses it: `read` sees what is committed, `write` commits a unit of work.
 * Repositories are the same on both sides; only inside `write` may they change anything.
 */
import { SealedValues } from '../vault/sealed-values.ts';
import { Accounts } from './accounts.ts';
import { Acts } from './acts.ts';
import { Backlog } from './backlog.ts';
import { Choices } from './choices.ts';
import { openDatabase } from './database.ts';
import { Disposals } from './disposals.ts';
import { Entries } from './entries.ts';
import { Epochs } from './epochs.ts';
import { Ghosts } from './ghosts.ts';
import { Journal } from './journal.ts';
import type { Recorder } from '../model/happening.ts';
import { type Connection, kyselyOver, kyselyReading } from './kysely.ts';
import { Parts } from './parts.ts';
import { Portals } from './portals.ts';
import { Puppets } from './puppets.ts';
import { Reactions } from './reactions.ts';
import { Secrets } from './secrets.ts';
import { Unsealed } from './unsealed.ts';
import { GroupingWriter, type OnCommit, type Participant } from './writer.ts';

export interface Repositories {
  readonly accounts: Accounts;
  readonly acts: Acts;
  readonly choices: Choices;
  readonly backlog: Backlog;
  readonly disposals: Disposals;
  /** Those that are sealed; they are written elsewhere. */
  readonly entries: Entries;
  readonly epochs: Epochs;
  readonly ghosts: Ghosts;
  readonly journal: Journal;
  readonly parts: Parts;
  readonly portals: Portals;
  readonly puppets: Puppets;
  readonly reactions: Reactions;
  readonly secrets: Secrets;
  readonly unsealed: Unsealed;
}

/** One transaction that everybody concerned may add to; durable together or not at all. */
export interface UnitOfWork extends Repositories {
  /** What happens is recorded in the same transaction. */
  readonly ledger: Recorder;
}

/** Whoever keeps the ledger. */
export interface LedgerKeeper extends Participant {
  /** Called once, with the repositories of the transactions. */
  recorderOver(repositories: Repositories): Recorder;
}

export interface Store {
  readonly read: Repositories;
  /**
   * `work` may await nothing but the repositories it is given. Resolves once its changes are on disk; throws what it
   * threw, `CH-STORE-BUSY` or `CH-STORE-FAILED`, and nothing is changed then.
   */
  readonly write: <Result>(work: (unit: UnitOfWork) => Promise<Result>) => Promise<Result>;
  /** As `write`, for what nobody waits for: it may take a few milliseconds more, and costs less. */
  readonly writeSoon: Store['write'];
  /** Resolves when everything that waits is on disk and the files are closed. */
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly onCommit?: OnCommit;
  /** Without one no record is kept. */
  readonly keeper?: LedgerKeeper;
}

const noLedger: Recorder = { next: null, record: async () => null, hasEvent: async () => false };

/** `key` has 32 bytes. For the errors see `openDatabase`. */
export function openStore(directory: string, key: Uint8Array, { onCommit, keeper }: StoreOptions = {}): Store {
  const files = openDatabase(directory, key);
  const entries = new Entries(kyselyOver(files.ledger));
  const credentials = new SealedValues(key, 'credentials');
  const writer = new GroupingWriter(files.writer, {
    ...(keeper === undefined ? {} : { participant: keeper }),
    onCommit: (seconds, units) => {
      files.committed();
      onCommit?.(seconds, units);
    },
  });
  const repositories = repositoriesOver(kyselyOver(files.writer), entries, credentials);
  const unit: UnitOfWork = { ...repositories, ledger: keeper?.recorderOver(repositories) ?? noLedger };
  return {
    read: repositoriesOver(kyselyReading(files), entries, credentials),
    write: (work) => writer.write(() => work(unit)),
    writeSoon: (work) => writer.writeSoon(() => work(unit)),
    async close() {
      await writer.idle();
      await files.close();
    },
  };
}

const repositoriesOver = (db: Connection, entries: Entries, credentials: SealedValues): Repositories => ({
  accounts: new Accounts(db, credentials),
  acts: new Acts(db),
  choices: new Choices(db),
  backlog: new Backlog(db),
  disposals: new Disposals(db),
  entries,
  epochs: new Epochs(db),
  ghosts: new Ghosts(db),
  journal: new Journal(db),
  parts: new Parts(db),
  portals: new Portals(db),
  puppets: new Puppets(db, credentials),
  reactions: new Reactions(db),
  secrets: new Secrets(db),
  unsealed: new Unsealed(db),
});
