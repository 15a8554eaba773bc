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
import { Ghosts } from './ghosts.ts';
import { Journal } from './journal.ts';
import type { Recorder } from '../model/happening.ts';
import { type Connection, kyselyOver, kyselyReading } from './kysely.ts';
import { Parts } from './parts.ts';
import { Portals } from './portals.ts';
import { Puppets } from './puppets.ts';
import { Reactions } from './reactions.ts';
import { Secrets } from './secrets.ts';
import { GroupingWriter, type OnCommit } from './writer.ts';

export interface Repositories {
  readonly accounts: Accounts;
  readonly acts: Acts;
  readonly choices: Choices;
  readonly backlog: Backlog;
  readonly disposals: Disposals;
  readonly entries: Entries;
  readonly ghosts: Ghosts;
  readonly journal: Journal;
  readonly parts: Parts;
  readonly portals: Portals;
  readonly puppets: Puppets;
  readonly reactions: Reactions;
  readonly secrets: Secrets;
}

/** One transaction that everybody concerned may add to; durable together or not at all. */
export interface UnitOfWork extends Repositories {
  /** What happens is recorded in the same transaction. */
  readonly ledger: Recorder;
}

/** Whoever keeps the ledger. */
export interface LedgerKeeper {
  /** Called once, with the repositories of the transactions. */
  recorderOver(entries: Entries): Recorder;
  /** What must be on disk before the transactions that wait to be committed are. Throws, and none of them is. */
  beforeCommit(): Promise<void>;
  /** Something of what was recorded since the last commit was taken back. */
  takenBack(): void;
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

const noLedger: LedgerKeeper = {
  recorderOver: () => ({ isKept: false, record: async () => null }),
  beforeCommit: async () => undefined,
  takenBack: () => undefined,
};

/** `key` has 32 bytes. For the errors see `openDatabase`. */
export function openStore(
  directory: string,
  key: Uint8Array,
  { onCommit, keeper = noLedger }: StoreOptions = {},
): Store {
  const files = openDatabase(directory, key);
  const credentials = new SealedValues(key, 'credentials');
  const writer = new GroupingWriter(files.writer, {
    beforeCommit: () => keeper.beforeCommit(),
    onTakenBack: () => keeper.takenBack(),
    onCommit: (seconds, units) => {
      files.committed();
      onCommit?.(seconds, units);
    },
  });
  const repositories = repositoriesOver(kyselyOver(files.writer), credentials);
  const unit: UnitOfWork = { ...repositories, ledger: keeper.recorderOver(repositories.entries) };
  return {
    read: repositoriesOver(kyselyReading(files), credentials),
    write: (work) => writer.write(() => work(unit)),
    writeSoon: (work) => writer.writeSoon(() => work(unit)),
    async close() {
      await writer.idle();
      await files.close();
    },
  };
}

const repositoriesOver = (db: Connection, credentials: SealedValues): Repositories => ({
  accounts: new Accounts(db, credentials),
  acts: new Acts(db),
  choices: new Choices(db),
  backlog: new Backlog(db),
  disposals: new Disposals(db),
  entries: new Entries(db),
  ghosts: new Ghosts(db),
  journal: new Journal(db),
  parts: new Parts(db),
  portals: new Portals(db),
  puppets: new Puppets(db, credentials),
  reactions: new Reactions(db),
  secrets: new Secrets(db),
});
