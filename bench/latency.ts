/**
 * How long one text takes each way through the bridge, one at a time in a chat that has its room, next to what the
 * same homeserver needs from send to sync between two of its own users. The three are measured in turn, so that what
 * else the machine does hits all alike.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { House } from '../tests/peers/house.ts';
import type { OrdinaryClient, SeenEvent } from '../tests/peers/matrix-client/ordinary-client.ts';
import { installSynapse } from '../tests/peers/synapse/install.ts';
import type { Bench, Figures, Say } from './bench.ts';
import { percentile } from './percentile.ts';

const warmUpRounds = 10;
const rounds = 110;
/** Long enough for what a sample leaves behind, short enough for a patient person. */
const quietMs = 100;
const timeoutMs = 20_000;
const phone = '491701234567';

/** Who talks to whom. Ana is the one who looks, whichever way a message comes. */
interface Scene {
  readonly house: House;
  readonly ana: OrdinaryClient;
  readonly ben: OrdinaryClient;
  readonly portal: string;
  /** A room of Ana and Ben, of which the bridge knows nothing. */
  readonly plainRoom: string;
}

/** Milliseconds that this text took. */
type Measure = (scene: Scene, text: string) => Promise<number>;

/** From the citizen's message being posted to a client's having seen it. */
const inbound: Measure = ({ house, ana }, text) => untilSeen(ana, text, () => house.whatsapp.writeText(phone, text));

/** From one user's send to another user's having seen it, without any bridge. */
const homeserver: Measure = ({ ana, ben, plainRoom }, text) =>
  untilSeen(ana, text, () => ben.sendText(plainRoom, text));

/** From an official's send to the network's having the message, by its own log: both are processes of one machine. */
const outbound: Measure = async ({ house, ana, portal }, text) => {
  const arriving = house.whatsapp.waitForKind(
    'business-message',
    ({ content }) => (content as { readonly body?: unknown }).body === text,
    { what: text, timeoutMs },
  );
  const began = Date.now();
  const [{ at }, sent] = await Promise.all([arriving, ana.sendText(portal, text)]);
  await ana.waitForEvent((event) => tellsFateOf(event, sent), { what: `the fate of ${text}`, timeoutMs });
  return at - began;
};

const measures = { homeserver, in: inbound, out: outbound } as const;
type Way = keyof typeof measures;

/** Each comes first, second and third equally often: what one leaves behind is borne by all. */
const orders: readonly (readonly Way[])[] = [
  ['homeserver', 'in', 'out'],
  ['in', 'out', 'homeserver'],
  ['out', 'homeserver', 'in'],
];

export const latency: Bench = {
  name: 'latency',
  summary: 'how long a text takes each way, next to the homeserver alone (about a minute)',
  async run(say) {
    await installSynapse(say);
    say('Starting homeserver, bridge and simulated WhatsApp ...');
    const house = await House.running({ officials: ['ana', 'ben'] });
    try {
      return await measureAll(await sceneIn(house), say);
    } finally {
      await house.close();
    }
  },
};

async function sceneIn(house: House): Promise<Scene> {
  const [ana, ben] = [await house.client('ana'), await house.client('ben')];
  const { shiftMs } = await house.whatsapp.advanceClock(0);
  if (shiftMs !== 0) throw new Error(`the simulator's clock is off by ${shiftMs} ms: its log cannot be compared`);
  await house.whatsapp.citizen({ phone, name: 'Citizen' });
  await house.whatsapp.writeText(phone, 'hello');
  const { room_id: portal } = await ana.waitForEvent(saying('hello'), { what: 'the portal', timeoutMs });
  const plainRoom = await ben.createDirectRoom(ana.userId);
  await ben.sendText(plainRoom, 'hello ana');
  await ana.waitForEvent(saying('hello ana'), { what: 'the room without a bridge', timeoutMs });
  return { house, ana, ben, portal, plainRoom };
}

async function measureAll(scene: Scene, say: Say): Promise<Figures> {
  const samples: Record<Way, number[]> = { homeserver: [], in: [], out: [] };
  for (let round = 0; round < warmUpRounds + rounds; round += 1) {
    for (const way of orders[round % orders.length] ?? []) {
      await delay(quietMs);
      const tookMs = await measures[way](scene, `${way} ${round}`);
      if (round >= warmUpRounds) samples[way].push(tookMs);
    }
    if (round % 20 === 19) say(`${round + 1} of ${warmUpRounds + rounds} rounds`);
  }
  return {
    in_p50_ms: percentile(samples.in, 0.5),
    in_p95_ms: percentile(samples.in, 0.95),
    out_p50_ms: percentile(samples.out, 0.5),
    out_p95_ms: percentile(samples.out, 0.95),
    homeserver_p50_ms: percentile(samples.homeserver, 0.5),
    homeserver_p95_ms: percentile(samples.homeserver, 0.95),
    samples: rounds,
  };
}

/** The client waits in its /sync already; the clock stops when the answer with this event was parsed. */
async function untilSeen(client: OrdinaryClient, text: string, send: () => Promise<unknown>): Promise<number> {
  const seen = client.waitForEvent(saying(text), { what: text, timeoutMs });
  const began = performance.now();
  const [endedAt] = await Promise.all([seen.then(() => performance.now()), send()]);
  return endedAt - began;
}

const saying =
  (text: string) =>
  ({ content }: SeenEvent): boolean =>
    content['body'] === text;

/** The bridge says so when the phone has it: the last thing that a message sets off. */
const tellsFateOf = ({ type, content }: SeenEvent, sent: string): boolean =>
  type === 'com.beeper.message_send_status' &&
  (content['m.relates_to'] as { readonly event_id?: string } | undefined)?.event_id === sent;
