/** The state that tells clients which chat of which network a room mirrors (MSC2346). */
import type { NetworkId, UserId } from '../model/ids.ts';
import type { StateEvent } from './room-requests.ts';

export interface BridgeInfo {
  readonly bot: UserId;
  /** Who connected the chat, where a person did. */
  readonly creator?: UserId;
  readonly network: { readonly id: NetworkId; readonly displayName: string };
  /**
   * `id` must be opaque, such as the localpart of the portal's alias: this state is never encrypted and it federates,
   * so a network's own chat id (a telephone number) must not get in.
   */
  readonly channel: { readonly id: string; readonly displayName: string };
}

/** The stable type and the one that clients read today. */
const types = ['m.bridge', 'uk.half-shot.bridge'] as const;

export function bridgeInfoState({ bot, creator, network, channel }: BridgeInfo): StateEvent[] {
  const content = {
    bridgebot: bot,
    ...(creator === undefined ? {} : { creator }),
    protocol: { id: network.id, displayname: network.displayName },
    channel: { id: channel.id, displayname: channel.displayName },
  };
  const stateKey = `chancery://${network.id}/${channel.id}`;
  return types.map((type) => ({ type, stateKey, content }));
}
