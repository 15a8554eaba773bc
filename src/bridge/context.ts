/** What every room of the heart works with. Made once, at composition. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/logging.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Acting } from '../matrix/acting.ts';
import type { Homeserver } from '../matrix/homeserver.ts';
import type { Identifiers } from '../matrix/identifiers.ts';
import type { UserId } from '../model/ids.ts';
import type { Store } from '../store/store.ts';
import type { SealedFiles } from '../vault/sealed-files.ts';
import type { Sessions } from './sessions.ts';

export interface RoomPolicy {
  /** Invited to every new portal. */
  readonly invite: readonly UserId[];
  /** Who may write through portals: `@user:server`, `server` or `*`. */
  readonly officials: readonly string[];
  /** Who may command the bot: `@user:server` or `server`. */
  readonly admins: readonly string[];
}

export interface BridgeContext {
  readonly store: Store;
  readonly files: SealedFiles;
  readonly homeserver: Homeserver;
  readonly identifiers: Identifiers;
  readonly sessions: Sessions;
  readonly policy: RoomPolicy;
  /** The bot, through its device. */
  readonly bot: Acting;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** When this process began, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Whether a ledger is kept. */
  readonly isRecorded: boolean;
}
