/** Requests to join a group that needs approval: the business lists, approves and rejects them, and hears of it at once. */
import { type ErrorFacts, GraphError, webhookError } from './graph-error.ts';
import { groupFull, noJoinRequest, partlyDone } from './group-error.ts';
import { tellGroup } from './group-news.ts';
import { pageOf } from './group-paging.ts';
import { inputOf, personOf } from './group-shapes.ts';
import { type Group, type JoinRequest, mostMembers } from './groups.ts';
import type { Simulation } from './simulation.ts';

export interface GroupAnswer {
  readonly status: number;
  readonly body: object;
}

export function listJoinRequests(group: Group, query: URLSearchParams, address: string): object {
  const { items, paging } = pageOf([...group.joinRequests.values()], query, address);
  const data = items.map(({ id, citizen, at }) => ({
    join_request_id: id,
    ...personOf(citizen),
    creation_timestamp: Math.floor(at / 1000),
  }));
  return { data, ...paging };
}

/** Those who are approved are in the group at once; the webhook comes a little later. */
export function approve(world: Simulation, group: Group, ids: readonly string[]): GroupAnswer {
  const outcome = treat(group, ids, ({ citizen }) => {
    if (group.members.size >= mostMembers) return groupFull;
    group.members.add(citizen);
    return undefined;
  });
  const citizens = outcome.done.map(({ citizen }) => citizen);
  const added = citizens.map((citizen) => ({ input: inputOf(citizen), ...personOf(citizen) }));
  world.timers.after(world.settings.statusDelayMs, () => {
    const facts = { reason: 'invite_link', added_participants: added };
    tellGroup(world, group, { type: 'group_participants_add', citizens, facts });
  });
  return answerOf('approved_join_requests', outcome);
}

/** No webhook tells this; the citizen may ask again. */
export function reject(group: Group, ids: readonly string[]): GroupAnswer {
  return answerOf(
    'rejected_join_requests',
    treat(group, ids, () => undefined),
  );
}

interface Outcome {
  readonly done: readonly JoinRequest[];
  readonly failed: readonly { readonly id: string; readonly error: ErrorFacts }[];
}

/** Throws the first error when nothing could be done. */
function treat(group: Group, ids: readonly string[], act: (request: JoinRequest) => ErrorFacts | undefined): Outcome {
  const done: JoinRequest[] = [];
  const failed: { id: string; error: ErrorFacts }[] = [];
  for (const id of ids) {
    const request = group.joinRequests.get(id);
    const error = request === undefined ? noJoinRequest : act(request);
    if (request === undefined || error !== undefined) failed.push({ id, error: error ?? noJoinRequest });
    else done.push(request);
    if (error === undefined) group.joinRequests.delete(id);
  }
  const [first] = failed;
  if (done.length === 0 && first !== undefined) throw new GraphError(first.error);
  return { done, failed };
}

function answerOf(key: 'approved_join_requests' | 'rejected_join_requests', { done, failed }: Outcome): GroupAnswer {
  const body = { messaging_product: 'whatsapp', [key]: done.map(({ id }) => id) };
  if (failed.length === 0) return { status: 200, body };
  return {
    status: partlyDone.httpStatus,
    body: {
      ...body,
      failed_join_requests: failed.map(({ id, error }) => ({ join_request_id: id, errors: [webhookError(error)] })),
      errors: [webhookError(partlyDone)],
    },
  };
}
