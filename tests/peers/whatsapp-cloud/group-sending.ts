/** What the business says in a group: text, media and templates, to everybody who is in it. */
import { type Accepted, isOpen, mediaOf, obstacleAnywhere } from './business-side.ts';
import { GraphError, parameter, typeUnsupported, valueInvalid } from './graph-error.ts';
import type { GroupMessage } from './group-chats.ts';
import { groupEmpty, groupSuspended, groupUnknown, notEligible } from './group-error.ts';
import type { Group } from './groups.ts';
import { messageIdentifier } from './identifiers.ts';
import { mediaFact } from './media-files.ts';
import type { AccountConfig } from './options.ts';
import type { SendRequest } from './send-shape.ts';
import type { Simulation } from './simulation.ts';

const supported = new Set(['text', 'image', 'video', 'audio', 'document', 'sticker', 'template']);

/** Accepts one message, or throws the Graph error that WhatsApp would answer. */
export function acceptGroupMessage(world: Simulation, account: AccountConfig, request: SendRequest): Accepted {
  const { type, content, replyTo, callbackData } = request;
  if (!supported.has(type)) throw new GraphError(typeUnsupported);
  const group = groupOf(world, account, request);
  const stored = mediaOf(world, account, request);
  if (replyTo !== undefined && world.groupChats.get(replyTo)?.group !== group)
    throw valueInvalid(`Message ID ${replyTo} is not known in this group.`);
  world.limits.count(account, undefined);
  const obstacle = obstacleAnywhere(world, type, stored, group.lastWritten);
  if (obstacle !== undefined && world.settings.refusals === 'reject') throw new GraphError(obstacle);
  const reached = [...group.members].filter(({ undeliverable }) => !undeliverable);
  const message: GroupMessage = {
    id: messageIdentifier(group.id, 'from-business'),
    account,
    group,
    citizen: undefined,
    from: 'business',
    type,
    content,
    at: world.clock.now(),
    replyTo,
    media: stored === undefined ? undefined : mediaFact(stored),
    callbackData,
    charged: type === 'template' && !isOpen(world, group.lastWritten),
    audience: obstacle === undefined ? reached : [],
    progress: new Map(),
    reactions: new Map(),
  };
  world.groupChats.add(message);
  record(world, message);
  if (obstacle === undefined) world.groupStatuses.start(message);
  else world.groupStatuses.fail(message, obstacle);
  const contact = { input: group.id, wa_id: group.id };
  const answer = { messaging_product: 'whatsapp', contacts: [contact], messages: [{ id: message.id }] };
  return { messageId: message.id, answer };
}

function groupOf(world: Simulation, account: AccountConfig, { to = '', recipient }: SendRequest): Group {
  if (recipient !== undefined) throw parameter('The parameter recipient does not go with recipient_type group.');
  if (!world.settings.groupsEligible) throw new GraphError(notEligible);
  if (/^\+?\d+$/.test(to)) throw valueInvalid('recipient_type is group, but the recipient is no group.');
  const group = world.groups.get(to);
  if (group === undefined || group.deleted || group.account !== account) throw new GraphError(groupUnknown);
  if (group.suspended) throw new GraphError(groupSuspended);
  if (group.members.size === 0) throw new GraphError(groupEmpty);
  return group;
}

function record(world: Simulation, message: GroupMessage): void {
  const { id, account, group, type, content, replyTo, media, callbackData, audience } = message;
  world.log.add({
    kind: 'group-message',
    account: account.phoneNumberId,
    group: group.id,
    messageId: id,
    type,
    content,
    replyTo,
    media,
    callbackData,
    reaches: audience.map(({ key }) => key),
  });
}
