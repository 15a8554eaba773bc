/** What the business does with its groups. Each is answered with a request id at once and told by webhook when it is done. */
import type { Citizen } from './citizens.ts';
import { type ErrorFacts, GraphError, webhookError } from './graph-error.ts';
import { notInGroup, participantTwice, partlyDone } from './group-error.ts';
import { tellGroup, tellNotMade } from './group-news.ts';
import type { SettingsRequest } from './group-request-shape.ts';
import type { Group, GroupFacts } from './groups.ts';
import { requestIdentifier } from './identifiers.ts';
import type { AccountConfig } from './options.ts';
import type { Simulation } from './simulation.ts';

/** Calls `act` when the answer is out; it gets the id, and the reason for which it has to fail if there is one. */
function soon(world: Simulation, act: (requestId: string, error: ErrorFacts | undefined) => void): object {
  const requestId = requestIdentifier();
  world.timers.after(world.settings.statusDelayMs, () => {
    const fault = world.faults.fire('group-request-fails');
    const title = 'Something went wrong';
    act(requestId, fault === undefined ? undefined : { httpStatus: 500, code: fault.code, title, details: title });
  });
  return { messaging_product: 'whatsapp', request_id: requestId };
}

export function createGroup(world: Simulation, account: AccountConfig, facts: GroupFacts): object {
  const { subject, description } = facts;
  const named = { subject, ...(description === undefined ? {} : { description }) };
  return soon(world, (requestId, error) => {
    if (error !== undefined) {
      tellNotMade(world, account, { type: 'group_create', requestId, facts: named, error });
      return;
    }
    const group = world.groups.make(account, facts, world.clock.now());
    const made = { ...named, invite_link: group.inviteLink, join_approval_mode: group.approval };
    tellGroup(world, group, { type: 'group_create', requestId, facts: made });
  });
}

export function deleteGroup(world: Simulation, group: Group): object {
  return soon(world, (requestId, error) => {
    if (error === undefined) world.groups.delete(group);
    tellGroup(world, group, { type: 'group_delete', requestId, error });
  });
}

export function changeGroup(world: Simulation, group: Group, { subject, description }: SettingsRequest): object {
  return soon(world, (requestId, error) => {
    if (error === undefined) {
      group.subject = subject ?? group.subject;
      group.description = description ?? group.description;
    }
    const failed = error === undefined ? {} : { errors: [webhookError(error)] };
    const told = (text: string): object => ({ text, update_successful: error === undefined, ...failed });
    const facts = {
      ...(subject === undefined ? {} : { group_subject: told(subject) }),
      ...(description === undefined ? {} : { group_description: told(description) }),
    };
    tellGroup(world, group, { type: 'group_settings_update', requestId, facts, error });
  });
}

/** Who is removed cannot come back by the invite link. Throws 131202 when somebody is named twice. */
export function removeFromGroup(world: Simulation, group: Group, inputs: readonly string[]): object {
  const named = inputs.map((input) => ({ input, citizen: world.citizens.find(input.replace(/[\s()+-]/g, '')) }));
  const known = named.flatMap(({ citizen }) => (citizen === undefined ? [] : [citizen]));
  if (new Set(inputs).size < inputs.length || new Set(known).size < known.length)
    throw new GraphError(participantTwice);
  return soon(world, (requestId, error) => {
    const gone = error === undefined ? known.filter((citizen) => group.members.delete(citizen)) : [];
    for (const citizen of gone) group.removed.add(citizen);
    const isGone = ({ citizen }: { citizen: Citizen | undefined }): boolean =>
      citizen !== undefined && gone.includes(citizen);
    const failed = named.filter((person) => !isGone(person));
    const reason = { errors: [webhookError(error ?? notInGroup)] };
    const facts = {
      ...(gone.length === 0 ? {} : { removed_participants: named.filter(isGone).map(({ input }) => ({ input })) }),
      ...(failed.length === 0 ? {} : { failed_participants: failed.map(({ input }) => ({ input, ...reason })) }),
      initiated_by: 'business',
    };
    const whole = failed.length === 0 ? undefined : gone.length === 0 ? (error ?? notInGroup) : partlyDone;
    tellGroup(world, group, { type: 'group_participants_remove', requestId, citizens: gone, facts, error: whole });
  });
}
