/** The Graph calls about groups: which call does what, and what is answered. */
import { GraphError, noSuchObject } from './graph-error.ts';
import { changeGroup, createGroup, deleteGroup, removeFromGroup } from './group-business.ts';
import { groupSuspended, groupUnknown, notEligible } from './group-error.ts';
import { approve, type GroupAnswer, listJoinRequests, reject } from './group-join-requests.ts';
import { pageOf } from './group-paging.ts';
import { creation, joinRequestIds, justProduct, readSettings, removal } from './group-request-shape.ts';
import { personOf } from './group-shapes.ts';
import type { Group } from './groups.ts';
import type { AccountConfig } from './options.ts';
import { checked } from './send-shape.ts';
import type { Simulation } from './simulation.ts';

export interface GroupCall {
  readonly method: string;
  /** What stands behind the group's id. */
  readonly edge: string | undefined;
  readonly query: URLSearchParams;
  /** The address of the call without its query. */
  readonly address: string;
  readonly body: unknown;
}

const groupEdges = new Set(['groups', 'invite_link', 'join_requests', 'participants']);

/** Whether a call is about groups: by what stands behind the id, or because the id is that of a group. */
export function isAboutGroups(world: Simulation, id: string, edge: string | undefined): boolean {
  return edge === undefined ? world.groups.get(id) !== undefined : groupEdges.has(edge);
}

/** The groups of a number: made and listed. */
export function answerNumber(world: Simulation, account: AccountConfig, call: GroupCall): GroupAnswer {
  refuseIneligible(world);
  if (call.method === 'POST') return done(createGroup(world, account, checked(creation, call.body)));
  if (call.method !== 'GET') throw noSuchObject(call.method, account.phoneNumberId);
  const own = world.groups.active().filter((group) => group.account === account);
  const { items, paging } = pageOf(own, call.query, call.address);
  const groups = items.map(({ id, subject, createdAt }) => ({ id, subject, created_at: secondsOf(createdAt) }));
  return done({ data: { groups }, ...paging });
}

/** One group. Throws 131041 when it is not one of the token's number. */
export function answerGroup(world: Simulation, id: string, token: string, call: GroupCall): GroupAnswer {
  refuseIneligible(world);
  const group = world.groups.get(id);
  if (group === undefined || group.deleted || group.account.accessToken !== token) throw new GraphError(groupUnknown);
  const operation = `${call.method} ${call.edge ?? ''}`.trim();
  if (group.suspended && call.method !== 'GET' && operation !== 'DELETE') throw new GraphError(groupSuspended);
  const { query, address, body } = call;
  if (operation === 'GET') return done(infoOf(group, query.get('fields')));
  if (operation === 'POST') return done(changeGroup(world, group, readSettings(body)));
  if (operation === 'DELETE') return done(deleteGroup(world, group));
  if (operation === 'GET invite_link') return done(linkOf(group));
  if (operation === 'POST invite_link') {
    checked(justProduct, body);
    world.groups.resetLink(group);
    return done(linkOf(group));
  }
  if (operation === 'DELETE participants')
    return done(removeFromGroup(world, group, checked(removal, body).participants));
  if (operation === 'GET join_requests') return done(listJoinRequests(group, query, address));
  if (operation === 'POST join_requests') return approve(world, group, checked(joinRequestIds, body).join_requests);
  if (operation === 'DELETE join_requests') return reject(group, checked(joinRequestIds, body).join_requests);
  throw noSuchObject(call.method, id);
}

const done = (body: object): GroupAnswer => ({ status: 200, body });
const secondsOf = (ms: number): string => String(Math.floor(ms / 1000));
const linkOf = ({ inviteLink }: Group): object => ({ messaging_product: 'whatsapp', invite_link: inviteLink });

function refuseIneligible({ settings }: Simulation): void {
  if (!settings.groupsEligible) throw new GraphError(notEligible);
}

/** Without `fields` only the id is told. */
function infoOf(group: Group, fields: string | null): object {
  const known: Record<string, unknown> = {
    subject: group.subject,
    ...(group.description === undefined ? {} : { description: group.description }),
    suspended: group.suspended,
    creation_timestamp: Math.floor(group.createdAt / 1000),
    total_participant_count: group.members.size,
    participants: [...group.members].map(personOf),
    join_approval_mode: group.approval,
  };
  const wanted = new Set((fields ?? '').split(','));
  const picked: object = Object.fromEntries(Object.entries(known).filter(([field]) => wanted.has(field)));
  return { messaging_product: 'whatsapp', id: group.id, ...picked };
}
