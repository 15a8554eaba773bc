import { expect, test } from '@jest/globals';
import { portalRoom } from '../../../src/matrix/portal-room.ts';
import { asId, type NetworkId, type UserId } from '../../../src/model/ids.ts';

const bot = asId<UserId>('@chancery:a.example');
const erin = asId<UserId>('@erin:a.example');
const bridge = {
  bot,
  network: { id: asId<NetworkId>('whatsapp'), displayName: 'WhatsApp' },
  channel: { id: 'chancery_opaque', displayName: 'Gus' },
};
const room = portalRoom({ aliasLocalpart: 'chancery_opaque', name: 'Gus', invite: [erin], bridge });
const content = (type: string): unknown => room.initialState.find((state) => state.type === type)?.content;

test('a portal is a private room of version 12 whose history its members can read', () => {
  expect(room).toMatchObject({ roomVersion: '12', aliasLocalpart: 'chancery_opaque', name: 'Gus', invite: [erin] });
  expect(content('m.room.join_rules')).toEqual({ join_rule: 'invite' });
  expect(content('m.room.history_visibility')).toEqual({ history_visibility: 'shared' });
  expect(content('m.room.guest_access')).toEqual({ guest_access: 'forbidden' });
});

test('everybody speaks and reacts, only the bot changes the room', () => {
  expect(room.powerLevels).toMatchObject({
    users: {},
    users_default: 0,
    events_default: 0,
    state_default: 50,
    events: { 'm.room.message': 0, 'm.reaction': 0, 'm.room.name': 50, 'm.room.server_acl': 100 },
  });
});

test('clients learn which chat of which network it is, by both names of the state', () => {
  const bridges = room.initialState.filter(({ type }) => type.endsWith('bridge'));
  expect(bridges.map(({ type }) => type)).toEqual(['m.bridge', 'uk.half-shot.bridge']);
  for (const state of bridges) {
    expect(state).toMatchObject({
      stateKey: 'chancery://whatsapp/chancery_opaque',
      content: {
        bridgebot: bot,
        protocol: { id: 'whatsapp', displayname: 'WhatsApp' },
        channel: { id: 'chancery_opaque', displayname: 'Gus' },
      },
    });
    expect(state.content).not.toHaveProperty('creator');
  }
});

test('only servers that were named take part, where any were', () => {
  expect(content('m.room.server_acl')).toBeUndefined();
  const closed = portalRoom({
    aliasLocalpart: 'x',
    name: 'Gus',
    topic: 'Case 7',
    invite: [],
    bridge: { ...bridge, creator: erin },
    allowedServers: ['a.example'],
  });
  expect(closed.topic).toBe('Case 7');
  expect(closed.initialState).toContainEqual({
    type: 'm.room.server_acl',
    stateKey: '',
    content: { allow: ['a.example'], deny: [], allow_ip_literals: false },
  });
  expect(closed.initialState.find(({ type }) => type === 'm.bridge')?.content).toMatchObject({ creator: erin });
});
