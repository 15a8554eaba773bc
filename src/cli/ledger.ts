/** Puts the ledger together, where the configuration names officers for whom it is kept. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/logging.ts';
import type { Config } from '../config/schema.ts';
import { Archive } from '../ledger/archive.ts';
import { signerOf } from '../ledger/checkpoint.ts';
import { DisposalFile } from '../ledger/disposal-file.ts';
import { Disposing } from '../ledger/disposing.ts';
import type { LedgerParts } from '../ledger/examination.ts';
import { Ledger } from '../ledger/ledger.ts';
import { type HeadsPlace, fileName, headsFolder, headsUrl, OutsideHeads } from '../ledger/outside-heads.ts';
import { Publishing } from '../ledger/publishing.ts';
import type { AccountId } from '../model/ids.ts';
import { Challenges } from '../records/challenges.ts';
import type { Store } from '../store/store.ts';
import { EntryKeys } from '../vault/entry-keys.ts';
import { readTokenFile } from '../vault/secret-file.ts';
import type { OfficerParts } from './records-target.ts';

/** The ledger before the store is open: the store asks it before each commit. */
export interface KeptLedger {
  readonly ledger: Ledger;
  /** Takes it up, and begins an epoch. Throws `CH-LEDGER-FORKED`, `CH-RECIPIENT-INVALID`, `CH-STORE-FAILED`. */
  open(store: Store): Promise<OpenLedger>;
}

export interface OpenLedger extends OfficerParts {
  readonly parts: LedgerParts;
  start(): void;
  /** Everything that was recorded is in the tree, and its head is signed. The keys of the epoch are forgotten. */
  stop(): Promise<void>;
}

const hourMs = 3_600_000;

/** Undefined where no ledger is kept. Throws `CH-ENTRY-KEYS-INVALID`, `CH-STORE-FAILED`. */
export async function keptLedger(
  { records, data, homeserver }: Pick<Config, 'records' | 'data' | 'homeserver'>,
  databaseKey: Uint8Array,
  networkOf: (account: AccountId) => string | undefined,
  log: Log,
): Promise<KeptLedger | undefined> {
  if (records.recipients.length === 0) return undefined;
  const directory = join(data.directory, 'ledger');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const keysFile = join(directory, 'entry-keys');
  const keys = await EntryKeys.open(keysFile);
  const ledger = new Ledger({
    directory: data.directory,
    databaseKey,
    keysFile,
    keys,
    recipients: records.recipients,
    networkOf,
    now: () => systemClock.now(),
    onTrouble: (reason) =>
      log.error({ reason }, 'nothing can be sealed in the ledger at the moment; it goes on trying'),
  });
  return {
    ledger,
    async open(store) {
      const seed = await store.write((unit) => unit.secrets.ensure('heads'));
      const signer = signerOf(records.origin ?? `${homeserver.server_name.replace(':', '-')}/chancery`, seed);
      const outside = new OutsideHeads(await placesOf(records, signer.name), log);
      const publishing = new Publishing({
        store,
        directory,
        outside,
        signer,
        settled: () => ledger.settled(),
        log,
      });
      await publishing.open();
      await ledger.begin(store);
      const now = (): number => systemClock.now();
      const file = new DisposalFile(join(directory, 'disposals'), signer);
      const { heads_directory: folder } = records;
      const farFile =
        folder === undefined ? undefined : new DisposalFile(join(folder, `${fileName(signer.name)}.disposals`), signer);
      const disposing = new Disposing({
        store,
        keys,
        file,
        outside: farFile,
        settled: () => ledger.settled(),
        log,
        now,
      });
      await disposing.replay();
      let timer: NodeJS.Timeout | undefined;
      return {
        archive: new Archive({ store, ledger, keys, publishing }),
        disposing,
        challenges: new Challenges(records.recipients, systemClock),
        parts: { store, keys, publishing },
        start() {
          publishing.start();
          timer = setInterval(() => {
            ledger
              .beginEpoch(store)
              .catch((thrown: unknown) => log.error({ reason: messageOf(thrown) }, 'no new epoch of the ledger began'));
          }, records.epoch_hours * hourMs).unref();
        },
        async stop() {
          clearInterval(timer);
          // What is recorded and not in the tree yet is carried there after the next start.
          await publishing
            .stop()
            .catch((thrown: unknown) => log.error({ err: thrown }, 'the ledger was not published'));
          await ledger.end();
          await keys.close();
        },
      };
    },
  };
}

/** Throws `CH-SECRET-MISSING` and `CH-SECRET-INVALID` for the token. */
async function placesOf(records: Config['records'], origin: string): Promise<HeadsPlace[]> {
  const { heads_directory: folder, heads_url: url, heads_token_file: file } = records;
  const token = file === undefined ? undefined : await readTokenFile(file);
  return [
    ...(folder === undefined ? [] : [headsFolder(folder, origin)]),
    ...(url === undefined ? [] : [headsUrl({ url, token })]),
  ];
}
