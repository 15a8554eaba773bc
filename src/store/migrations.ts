/**
 * Numbered migrations, each in its own transaction; the number is SQLite's `user_version`. A database that a newer
 * Chancery wrote is refused with `CH-DATABASE-NEWER` before anything is touched.
 */
import type Database from 'better-sqlite3-multiple-ciphers';
import { ChanceryError } from '../base/errors.ts';
import { foundation } from './migrations/0001-foundation.ts';
import { acts } from './migrations/0002-acts.ts';
import { accountState } from './migrations/0006-account-state.ts';
import { ledger } from './migrations/0008-ledger.ts';
import { disposals } from './migrations/0009-disposals.ts';
import { portalCare } from './migrations/0007-portal-care.ts';
import { unsealed } from './migrations/0010-unsealed.ts';
import { puppets } from './migrations/0005-puppets.ts';

const migrations: readonly string[] = [
  foundation,
  acts,
  puppets,
  accountState,
  portalCare,
  ledger,
  disposals,
  unsealed,
];

export function migrate(database: Database.Database): void {
  const present = Number(database.pragma('user_version', { simple: true }));
  if (present > migrations.length) {
    throw new ChanceryError('CH-DATABASE-NEWER', {
      place: database.name,
      detail: `Its schema is number ${present}; this version knows up to ${migrations.length}.`,
    });
  }
  for (const [index, statements] of migrations.entries()) {
    if (index < present) continue;
    database.transaction(() => {
      database.exec(statements);
      database.pragma(`user_version = ${index + 1}`);
    })();
  }
}
