/** The part of the control API that is about groups. They are made through the Graph API only. */
import type { Citizen } from './citizens.ts';
import { citizenOf, groupOf } from './control-names.ts';
import type { ControlRoute } from './control-route.ts';
import { groupShape, readGroupShape } from './control-shape.ts';
import { join, leave, revokeRequest, suspend } from './group-citizens.ts';
import { readInGroup } from './group-talk.ts';
import type { Group } from './groups.ts';
import type { Simulation } from './simulation.ts';

/** A group as a test sees it from outside. */
export interface GroupListing {
  readonly id: string;
  /** Phone number id of the business. */
  readonly account: string;
  readonly subject: string;
  readonly description: string | null;
  readonly inviteLink: string;
  readonly joinApprovalMode: Group['approval'];
  readonly suspended: boolean;
  /** Keys of the citizens who are in it. */
  readonly members: readonly string[];
  readonly joinRequests: readonly { readonly id: string; readonly citizen: string }[];
}

const listingOf = (group: Group): GroupListing => ({
  id: group.id,
  account: group.account.phoneNumberId,
  subject: group.subject,
  description: group.description ?? null,
  inviteLink: group.inviteLink,
  joinApprovalMode: group.approval,
  suspended: group.suspended,
  members: [...group.members].map(({ key }) => key),
  joinRequests: [...group.joinRequests.values()].map(({ id, citizen }) => ({ id, citizen: citizen.key })),
});

/** A citizen does something about the group that the body names. */
function deed(path: RegExp, act: (world: Simulation, citizen: Citizen, group: Group) => unknown): ControlRoute {
  return {
    method: 'POST',
    path,
    run: (world, { name, body }) =>
      act(world, citizenOf(world, name), groupOf(world, groupShape.parse(body).group)) ?? {},
  };
}

function suspension(path: RegExp, suspended: boolean): ControlRoute {
  return {
    method: 'POST',
    path,
    run: (world, { name }) => {
      suspend(world, groupOf(world, name), suspended);
      return {};
    },
  };
}

export const groupRoutes: readonly ControlRoute[] = [
  { method: 'GET', path: /^\/groups$/, run: (world) => world.groups.active().map(listingOf) },
  {
    method: 'GET',
    path: /^\/groups\/([^/]+)$/,
    run: (world, { name, query }) => {
      // A phone shows what was said in a group that is gone, too.
      const group = world.groups.get(name) ?? groupOf(world, name);
      return world.groupChats.view(group, citizenOf(world, query.get('citizen') ?? ''));
    },
  },
  suspension(/^\/groups\/([^/]+)\/suspend$/, true),
  suspension(/^\/groups\/([^/]+)\/unsuspend$/, false),
  deed(/^\/citizens\/([^/]+)\/join-group$/, join),
  deed(/^\/citizens\/([^/]+)\/revoke-join-request$/, (world, citizen, group) => ({
    joinRequestId: revokeRequest(world, citizen, group),
  })),
  deed(/^\/citizens\/([^/]+)\/leave-group$/, leave),
  {
    method: 'POST',
    path: /^\/citizens\/([^/]+)\/read-group$/,
    run: (world, { name, body }) => {
      const { group, upTo } = readGroupShape.parse(body);
      return { messageIds: readInGroup(world, groupOf(world, group), citizenOf(world, name), upTo) };
    },
  },
];
