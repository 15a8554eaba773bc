/** Who does something on the homeserver: one of our users, through its one device. */
import type { UserId } from '../model/ids.ts';

/**
 * Every request names both. With the device, the homeserver keeps transaction ids in its database (24 h on Synapse)
 * and not in memory, so that a send repeated after a crash of either side is one event.
 */
export interface Acting {
  readonly user: UserId;
  readonly device: string;
}
