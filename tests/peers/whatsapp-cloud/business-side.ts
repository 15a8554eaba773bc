/** What the business does on WhatsApp: it sends, reacts, marks as read and shows that it types. */
import type { ChatMessage } from './chats.ts';
import type { Citizen } from './citizens.ts';
import { type ErrorFacts, GraphError, mediaUnfit, undeliverable, valueInvalid, windowClosed } from './graph-error.ts';
import { messageIdentifier } from './identifiers.ts';
import { mediaFact, type StoredMedia } from './media-files.ts';
import { canCarry, isMediaKind } from './media-rules.ts';
import type { AccountConfig } from './options.ts';
import type { ReadRequest, SendRequest } from './send-shape.ts';
import type { Simulation } from './simulation.ts';

export interface Accepted {
  readonly messageId: string;
  /** The body of the answer. */
  readonly answer: object;
}

/** Accepts one message, or throws the Graph error that WhatsApp would answer. */
export function acceptMessage(world: Simulation, account: AccountConfig, request: SendRequest): Accepted {
  const citizen = recipientOf(world, request);
  const media = mediaOf(world, account, request);
  const target = request.type === 'reaction' ? reactionOf(world, account, citizen, request.content) : undefined;
  if (request.replyTo !== undefined) known(world, account, citizen, request.replyTo);
  world.limits.count(account, citizen);
  const obstacle = obstacleOf(world, account, citizen, request, media);
  if (obstacle !== undefined && world.settings.refusals === 'reject') throw new GraphError(obstacle);
  const message: ChatMessage = {
    id: messageIdentifier(citizen.phone ?? citizen.key, 'from-business'),
    account,
    citizen,
    from: 'business',
    type: request.type,
    content: request.content,
    at: world.clock.now(),
    replyTo: request.replyTo,
    media: media === undefined ? undefined : mediaFact(media),
    callbackData: request.callbackData,
    visible: obstacle === undefined,
    status: 'accepted',
    readByBusiness: false,
    reactions: {},
  };
  world.chats.add(message);
  record(world, message, target);
  if (target !== undefined && message.visible) world.chats.react(target.message, 'business', target.emoji);
  if (obstacle === undefined) world.statuses.start(message);
  else world.statuses.fail(message, obstacle);
  const input = request.to ?? request.recipient;
  const who = request.to === undefined ? { user_id: citizen.userId } : { wa_id: citizen.phone };
  return {
    messageId: message.id,
    answer: { messaging_product: 'whatsapp', contacts: [{ input, ...who }], messages: [{ id: message.id }] },
  };
}

/** Throws 131009 when there is no such message of a citizen, or it was said in a group, where marks are not supported. */
export function markRead(world: Simulation, account: AccountConfig, request: ReadRequest): void {
  if (world.groupChats.get(request.message_id)?.account === account)
    throw valueInvalid('Messages of a group cannot be marked as read, and typing cannot be shown there.');
  const message = world.chats.get(request.message_id);
  if (message?.from !== 'citizen' || message.account !== account)
    throw valueInvalid(`Message ID ${request.message_id} is not known to this number.`);
  const where = { account: account.phoneNumberId, citizen: message.citizen.key, messageId: message.id };
  world.chats.markRead(message);
  world.log.add({ kind: 'read-mark', ...where });
  if (request.typing_indicator === undefined) return;
  world.chats.showTyping(account, message.citizen, world.clock.now());
  world.log.add({ kind: 'typing', ...where });
}

interface ReactionTarget {
  readonly message: ChatMessage;
  readonly emoji: string | null;
}

function record(world: Simulation, message: ChatMessage, target: ReactionTarget | undefined): void {
  const where = { account: message.account.phoneNumberId, citizen: message.citizen.key, messageId: message.id };
  const business = { callbackData: message.callbackData, reachesCitizen: message.visible };
  if (target !== undefined) {
    const { emoji } = target;
    world.log.add({ kind: 'business-reaction', ...where, ...business, target: target.message.id, emoji });
    return;
  }
  const { type, content, replyTo, media } = message;
  world.log.add({ kind: 'business-message', ...where, ...business, type, content, replyTo, media });
}

/** A phone number that nobody has used yet belongs to somebody all the same; a user id must be known. */
function recipientOf(world: Simulation, { to, recipient }: SendRequest): Citizen {
  if (to !== undefined) {
    const phone = to.replace(/[\s()+.-]/g, '');
    if (!/^\d{5,20}$/.test(phone)) throw valueInvalid('Recipient phone number is not valid.');
    return world.citizens.find(phone) ?? world.citizens.put({ phone });
  }
  const citizen = world.citizens.find(recipient ?? '');
  if (citizen === undefined) throw new GraphError(undeliverable);
  return citizen;
}

/** What is sent by id; throws 131009 when this number has no such media. */
export function mediaOf(
  world: Simulation,
  account: AccountConfig,
  { type, content }: SendRequest,
): StoredMedia | undefined {
  if (!isMediaKind(type) || typeof content !== 'object' || content === null || !('id' in content)) return undefined;
  const media = world.media.get(String(content.id));
  if (media?.account !== account) throw valueInvalid(`Media ID ${String(content.id)} is not known to this number.`);
  return media;
}

function reactionOf(world: Simulation, account: AccountConfig, citizen: Citizen, content: unknown): ReactionTarget {
  const isReaction = typeof content === 'object' && content !== null && 'message_id' in content && 'emoji' in content;
  const message = known(world, account, citizen, isReaction ? String(content.message_id) : '');
  if (message.type === 'reaction') throw valueInvalid('A reaction cannot be reacted to.');
  const emoji = isReaction ? String(content.emoji) : '';
  return { message, emoji: emoji === '' ? null : emoji };
}

function known(world: Simulation, account: AccountConfig, citizen: Citizen, id: string): ChatMessage {
  const message = world.chats.get(id);
  if (message === undefined || message.account !== account || message.citizen !== citizen)
    throw valueInvalid(`Message ID ${id} is not known in this chat.`);
  return message;
}

function obstacleOf(
  world: Simulation,
  account: AccountConfig,
  citizen: Citizen,
  request: SendRequest,
  media: StoredMedia | undefined,
): ErrorFacts | undefined {
  if (citizen.undeliverable) return undeliverable;
  return obstacleAnywhere(world, request.type, media, world.chats.lastFromCitizen(account, citizen));
}

/** `lastWritten`: when the other side last wrote, in milliseconds since the epoch. */
export function obstacleAnywhere(
  world: Simulation,
  type: string,
  media: StoredMedia | undefined,
  lastWritten: number | undefined,
): ErrorFacts | undefined {
  if (media !== undefined && isMediaKind(type) && !canCarry(type, media.mime)) return mediaUnfit;
  if (!world.settings.window || type === 'template') return undefined;
  return isOpen(world, lastWritten) ? undefined : windowClosed;
}

/** Whether the window that the other side opened by writing is still open. */
export function isOpen({ settings, clock }: Simulation, lastWritten: number | undefined): boolean {
  return lastWritten !== undefined && clock.now() - lastWritten < settings.windowMs;
}
