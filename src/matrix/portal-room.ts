/**
 * The room of a portal, as it is asked for: private, of version 12, the bridge bot its only creator. Everybody else
 * speaks and reacts; what the room is, only the bot changes.
 */
import type { UserId } from '../model/ids.ts';
import { type BridgeInfo, bridgeInfoState } from './bridge-info.ts';
import type { CreateRoom, StateEvent } from './room-requests.ts';

export interface PortalRoom {
  readonly aliasLocalpart: string;
  readonly name: string;
  readonly topic?: string;
  readonly invite: readonly UserId[];
  readonly bridge: BridgeInfo;
  /**
   * The servers that may take part, ours among them, `*` and `?` as wildcards; every server when it is left out.
   * Client-server API, "Server Access Control Lists".
   */
  readonly allowedServers?: readonly string[];
}

export const roomVersion = '12';
/** Nobody is given as much; creators of version 12 need no number. */
const botOnly = 100;

/** In version 12 the creator must not be named among the users. */
const powerLevels = {
  users: {},
  users_default: 0,
  events_default: 0,
  state_default: 50,
  invite: 50,
  kick: 50,
  ban: 50,
  // Who deletes what others said, a citizen among them, takes it from everybody's eyes.
  redact: botOnly,
  notifications: { room: 50 },
  events: {
    'm.room.message': 0,
    'm.sticker': 0,
    'm.reaction': 0,
    'm.room.redaction': 0,
    'm.room.name': 50,
    'm.room.topic': 50,
    'm.room.avatar': 50,
    'm.room.canonical_alias': 50,
    'm.room.power_levels': botOnly,
    'm.room.history_visibility': botOnly,
    'm.room.encryption': botOnly,
    'm.room.server_acl': botOnly,
    'm.room.join_rules': botOnly,
    // Replacing a room of version 12 takes a creator, as the specification's own default has it.
    'm.room.tombstone': 150,
  },
};

export function portalRoom({ aliasLocalpart, name, topic, invite, bridge, allowedServers }: PortalRoom): CreateRoom {
  return {
    aliasLocalpart,
    name,
    ...(topic === undefined ? {} : { topic }),
    invite,
    roomVersion,
    powerLevels,
    initialState: [
      state('m.room.join_rules', { join_rule: 'invite' }),
      state('m.room.history_visibility', { history_visibility: 'shared' }),
      state('m.room.guest_access', { guest_access: 'forbidden' }),
      ...(allowedServers === undefined
        ? []
        : [state('m.room.server_acl', { allow: allowedServers, deny: [], allow_ip_literals: false })]),
      ...bridgeInfoState(bridge),
    ],
  };
}

const state = (type: string, content: StateEvent['content']): StateEvent => ({ type, stateKey: '', content });
