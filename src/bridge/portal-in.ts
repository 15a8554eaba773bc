/** The chat that a command is about: that of the room in which it was written. */
import { ChanceryError } from '../base/errors.ts';
import type { RoomId } from '../model/ids.ts';
import type { Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';

/** Throws `CH-COMMAND-INVALID` with what to do where the room is no chat. */
export async function portalIn({ store }: Pick<BridgeContext, 'store'>, room: RoomId): Promise<Portal> {
  const portal = await store.read.portals.byRoom(room);
  if (portal !== undefined) return portal;
  throw new ChanceryError('CH-COMMAND-INVALID', {
    detail: 'This room is no chat. Write the command in the room of the chat, with `!chancery` before it.',
  });
}
