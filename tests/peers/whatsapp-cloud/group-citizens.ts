/** What citizens do about a group on their phones: join by the link, take a request back, leave. Each becomes a webhook. */
import { NotAllowed } from './citizen-side.ts';
import type { Citizen } from './citizens.ts';
import { tellGroup } from './group-news.ts';
import { personOf } from './group-shapes.ts';
import { type Group, mostMembers } from './groups.ts';
import { joinRequestIdentifier } from './identifiers.ts';
import type { Simulation } from './simulation.ts';

export interface Joining {
  readonly joined: boolean;
  /** What the business approves or rejects, in a group that asks for it. */
  readonly joinRequestId: string | null;
}

/** Throws when the phone would not let the citizen in. */
export function join(world: Simulation, citizen: Citizen, group: Group): Joining {
  if (group.members.has(citizen)) throw new NotAllowed(`${citizen.key} is in the group already`);
  if (group.suspended) throw new NotAllowed('The group is suspended');
  if (group.removed.has(citizen)) throw new NotAllowed(`${citizen.key} was removed by the business`);
  if (group.approval === 'approval_required') return { joined: false, joinRequestId: ask(world, citizen, group) };
  if (group.members.size >= mostMembers) throw new NotAllowed(`The group has ${mostMembers} participants already`);
  group.members.add(citizen);
  const facts = { reason: 'invite_link', added_participants: [personOf(citizen)] };
  tellGroup(world, group, { type: 'group_participants_add', citizens: [citizen], facts });
  return { joined: true, joinRequestId: null };
}

function ask(world: Simulation, citizen: Citizen, group: Group): string {
  const id = joinRequestIdentifier(citizen.key, group.id);
  if (group.joinRequests.has(id)) throw new NotAllowed(`${citizen.key} has asked already`);
  group.joinRequests.set(id, { id, citizen, at: world.clock.now() });
  const facts = { reason: 'invite_link', join_request_id: id, ...personOf(citizen) };
  tellGroup(world, group, { type: 'group_join_request_created', citizens: [citizen], facts });
  return id;
}

/** Takes the request to join back; returns its id. */
export function revokeRequest(world: Simulation, citizen: Citizen, group: Group): string {
  const id = joinRequestIdentifier(citizen.key, group.id);
  if (!group.joinRequests.delete(id)) throw new NotAllowed(`${citizen.key} has not asked to join`);
  const facts = { reason: 'invite_link', join_request_id: id, ...personOf(citizen) };
  tellGroup(world, group, { type: 'group_join_request_revoked', citizens: [citizen], facts });
  return id;
}

export function leave(world: Simulation, citizen: Citizen, group: Group): void {
  if (!group.members.delete(citizen)) throw new NotAllowed(`${citizen.key} is not in the group`);
  const facts = { removed_participants: [personOf(citizen)], initiated_by: 'participant' };
  tellGroup(world, group, { type: 'group_participants_remove', citizens: [citizen], facts });
}

/** WhatsApp itself stops a group, or lets it go on. */
export function suspend(world: Simulation, group: Group, suspended: boolean): void {
  group.suspended = suspended;
  tellGroup(world, group, { type: suspended ? 'group_suspend' : 'group_suspend_cleared' });
}
