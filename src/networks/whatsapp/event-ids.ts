/** Ids of deliveries: the same for the same thing, never the same for two, whatever the network's ids look like. */
import { asId, type RemoteEventId } from '../../model/ids.ts';

export const eventIdOf = (...parts: readonly string[]): RemoteEventId => asId<RemoteEventId>(JSON.stringify(parts));
