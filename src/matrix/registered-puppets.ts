/** Officials of our own homeserver, spoken as by the token of the second registration. */
import type { UserId } from '../model/ids.ts';
import type { Homeserver } from './homeserver.ts';
import type { Puppet } from './puppet.ts';

/**
 * The official gets a device more, which keeps the ids of transactions over a crash of the homeserver (MSC4190).
 * `homeserver` is reached with the token of the second registration. Throws `HomeserverError`.
 */
export async function registeredPuppet(homeserver: Homeserver, user: UserId, device: string): Promise<Puppet> {
  await homeserver.ensureDevice(user, device, 'Chancery, for what is written on the phone');
  const as = { user, device };
  return {
    user,
    join: (room) => homeserver.join({ as, room }),
    send: (event) => homeserver.sendEvent({ as, ...event }),
  };
}
