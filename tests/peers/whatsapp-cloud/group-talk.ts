/** What citizens say, send, react to and read in a group. */
import { NoSuchThing, NotAllowed, type Writing } from './citizen-side.ts';
import type { Citizen } from './citizens.ts';
import type { GroupMessage } from './group-chats.ts';
import { groupLane } from './group-shapes.ts';
import type { Group } from './groups.ts';
import { messageIdentifier } from './identifiers.ts';
import { mediaFact } from './media-files.ts';
import type { Simulation } from './simulation.ts';
import { messageValue } from './webhook-shapes.ts';

/** Throws when the citizen is not in the group, or nobody may write there. */
export function writeInGroup(world: Simulation, group: Group, citizen: Citizen, writing: Writing): GroupMessage {
  const message = newMessage(world, group, citizen, writing);
  const { id, type, content, media } = message;
  const { replyTo, forwarded = false, frequentlyForwarded = false } = writing;
  const quoted = replyTo === undefined ? undefined : seenBy(world, citizen, group, replyTo);
  world.groupChats.add(message);
  world.log.add({
    kind: 'citizen-message',
    ...placeOf(group, citizen),
    messageId: id,
    type,
    content,
    media,
    replyTo,
    ...(forwarded || frequentlyForwarded ? { forwarded: true } : {}),
  });
  announce(world, message, citizen, { replyTo: quoted, forwarded, frequentlyForwarded });
  return message;
}

/** Null takes the reaction back. */
export function reactInGroup(world: Simulation, target: GroupMessage, citizen: Citizen, emoji: string | null): string {
  const { group } = target;
  seenBy(world, citizen, group, target.id);
  const content = { message_id: target.id, ...(emoji === null ? {} : { emoji }) };
  const message = newMessage(world, group, citizen, { type: 'reaction', content });
  world.groupChats.add(message);
  if (emoji === null) target.reactions.delete(citizen);
  else target.reactions.set(citizen, emoji);
  const place = placeOf(group, citizen);
  world.log.add({ kind: 'citizen-reaction', ...place, messageId: message.id, target: target.id, emoji });
  announce(world, message, citizen, { replyTo: undefined, forwarded: false, frequentlyForwarded: false });
  return message.id;
}

/** Reads up to one message, or all; returns the ids that became read. */
export function readInGroup(
  world: Simulation,
  group: Group,
  citizen: Citizen,
  upTo: string | undefined,
): readonly string[] {
  const unread = world.groupChats.unread(group, citizen, upTo);
  const messageIds = unread.map(({ id }) => id);
  world.log.add({ kind: 'citizen-read', ...placeOf(group, citizen), messageIds });
  world.groupStatuses.read(group, unread, citizen);
  return messageIds;
}

function newMessage(world: Simulation, group: Group, citizen: Citizen, writing: Writing): GroupMessage {
  if (!group.members.has(citizen)) throw new NotAllowed(`${citizen.key} is not in the group`);
  if (group.suspended) throw new NotAllowed('The group is suspended');
  return {
    id: messageIdentifier(citizen.phone ?? citizen.key, 'from-citizen'),
    account: group.account,
    group,
    citizen,
    from: 'citizen',
    type: writing.type,
    content: writing.content,
    at: world.clock.now(),
    replyTo: writing.replyTo,
    media: writing.media === undefined ? undefined : mediaFact(writing.media),
    callbackData: undefined,
    charged: false,
    audience: [...group.members],
    progress: new Map(),
    reactions: new Map(),
  };
}

function seenBy(world: Simulation, citizen: Citizen, group: Group, id: string): GroupMessage {
  const message = world.groupChats.get(id);
  if (message?.group !== group || !message.audience.includes(citizen))
    throw new NoSuchThing(`${citizen.key} sees no message ${id} in this group`);
  return message;
}

const placeOf = (group: Group, citizen: Citizen): { account: string; group: string; citizen: string } => ({
  account: group.account.phoneNumberId,
  group: group.id,
  citizen: citizen.key,
});

function announce(
  world: Simulation,
  { id, account, group, type, content }: GroupMessage,
  citizen: Citizen,
  context: Parameters<typeof messageValue>[1],
): void {
  const said = { id, account, citizen, type, content, groupId: group.id };
  const value = messageValue(said, context, world.clock.seconds());
  world.webhooks.announce({ account, field: 'messages', value, about: [id], lane: groupLane(account, group.id) });
}
