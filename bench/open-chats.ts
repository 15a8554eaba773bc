/** Chats of citizens who have written, so that each has its room, its ghost and an official inside. */
import { accountWith, type House, webhookUrlAt } from '../tests/peers/house.ts';
import type { OrdinaryClient } from '../tests/peers/matrix-client/ordinary-client.ts';
import { atOnce } from './at-once.ts';
import { Arrivals } from './arrivals.ts';
import { CitizenWebhooks } from './citizen-webhooks.ts';

export interface OpenChat {
  readonly phone: string;
  readonly room: string;
  readonly ghost: string;
}

export interface OpenChats {
  readonly chats: readonly OpenChat[];
  /** The official's client, which follows everything. */
  readonly official: OrdinaryClient;
  /** Every message with a body that the official's client sees, by its body. */
  readonly seen: Arrivals<string>;
}

const arrivesWithinMs = 60_000;
const openedAtOnce = 4;
/**
 * Between one look of the official's client and the next. One that looked again at once would look half as often when
 * messages come in step as when they come one by one, and each look costs the homeserver as much as a message.
 */
const restMs = 100;

export function citizensOf({ secrets }: House): CitizenWebhooks {
  const account = accountWith(secrets.accessToken);
  return new CitizenWebhooks({ account, appSecret: secrets.appSecret, url: webhookUrlAt(secrets.webhookPort) });
}

/** `write` has a citizen write to the agency. */
export async function openChats(
  house: House,
  count: number,
  write: (phone: string, text: string) => Promise<unknown>,
): Promise<OpenChats> {
  const seen = new Arrivals<string>(arrivesWithinMs);
  const senders = new Map<string, string>();
  const official = await house.client('ana', { restMs });
  official.onEvent = ({ room_id: room, sender, content: { body } }) => {
    if (typeof body !== 'string') return;
    senders.set(room, sender);
    seen.arrived(body, room);
  };
  const chats: OpenChat[] = [];
  const phones = Array.from({ length: count }, (_, number) => `4930555${String(number).padStart(5, '0')}`);
  await atOnce(openedAtOnce, phones, async (phone) => {
    const arriving = seen.of(`hello from ${phone}`);
    await write(phone, `hello from ${phone}`);
    const room = await arriving;
    chats.push({ phone, room, ghost: senders.get(room) ?? '' });
  });
  return { chats, official, seen };
}
