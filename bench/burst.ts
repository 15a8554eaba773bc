/**
 * 5,000 messages into 200 chats while the homeserver is stopped for a minute. Afterwards each room's history, as an
 * official's client reads it, is compared with what was sent.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { House } from '../tests/peers/house.ts';
import type { OrdinaryClient } from '../tests/peers/matrix-client/ordinary-client.ts';
import { installSynapse } from '../tests/peers/synapse/install.ts';
import { atOnce } from './at-once.ts';
import type { Bench, Figures, Say } from './bench.ts';
import type { CitizenWebhooks } from './citizen-webhooks.ts';
import { compare } from './compare.ts';
import { citizensOf, type OpenChat, openChats } from './open-chats.ts';
import { rounded } from './rounded.ts';

const chats = 200;
const messagesOfAChat = 25;
const stoppedMs = 60_000;
const inFlight = 20;
const drainedWithinMs = 15 * 60_000;
const lookMs = 250;

export const burst: Bench = {
  name: 'burst',
  summary: '5,000 messages while the homeserver is stopped for a minute (five minutes)',
  async run(say) {
    await installSynapse(say);
    say(`Starting homeserver, bridge and simulated WhatsApp, and opening ${chats} chats ...`);
    const house = await House.running();
    const citizens = citizensOf(house);
    try {
      return await measure(house, citizens, say);
    } finally {
      await citizens.close();
      await house.close();
    }
  },
};

async function measure(house: House, citizens: CitizenWebhooks, say: Say): Promise<Figures> {
  const { bridge, synapse } = house;
  const opened = await openChats(house, chats, (phone, text) => citizens.write(phone, text));
  const missing = new Set(opened.chats.flatMap((chat) => textsOf(chat)));
  const sent = missing.size;
  opened.official.onEvent = ({ content: { body } }) => {
    if (typeof body === 'string') missing.delete(body);
  };
  bridge.residentMegabytes();
  await synapse.stop();
  const stoppedAt = performance.now();
  say('The homeserver is stopped; the citizens write ...');
  for (let number = 0; number < messagesOfAChat; number += 1)
    await atOnce(inFlight, opened.chats, (chat) => citizens.write(chat.phone, textsOf(chat)[number] ?? ''));
  const takenMs = performance.now() - stoppedAt;
  say(`All taken after ${rounded(takenMs / 1_000)} s`);
  await delay(Math.max(0, stoppedMs - takenMs));
  await synapse.start();
  const backAt = performance.now();
  say('The homeserver is back ...');
  while (missing.size > 0 && performance.now() - backAt < drainedWithinMs) await delay(lookMs);
  const seconds = (performance.now() - backAt) / 1_000;
  const rssMb = bridge.peakMegabytes();
  const totals = { lost: 0, doubled: 0, misordered: 0 };
  for (const chat of opened.chats) {
    const found = compare(textsOf(chat), await history(opened.official, chat));
    totals.lost += found.lost;
    totals.doubled += found.doubled;
    totals.misordered += found.misordered;
  }
  return {
    ...totals,
    rss_mb: rounded(rssMb),
    taken_s: rounded(takenMs / 1_000),
    drain_per_s: rounded((sent - missing.size) / seconds),
  };
}

const textsOf = ({ phone }: OpenChat): string[] =>
  Array.from({ length: messagesOfAChat }, (_, number) => `${number} from ${phone}`);

interface Page {
  readonly chunk: readonly { readonly type: string; readonly content: { readonly body?: string } }[];
  readonly end?: string;
}

/** The bodies of all messages of a room, oldest first. */
async function history(client: OrdinaryClient, { room }: OpenChat): Promise<string[]> {
  const bodies: string[] = [];
  let from = '';
  for (;;) {
    const query = `dir=f&limit=200${from === '' ? '' : `&from=${encodeURIComponent(from)}`}`;
    const { chunk, end } = (await client.call('GET', `/rooms/${encodeURIComponent(room)}/messages?${query}`)) as Page;
    for (const { type, content } of chunk) if (type === 'm.room.message') bodies.push(content.body ?? '');
    if (end === undefined || chunk.length === 0) return bodies;
    from = end;
  }
}
