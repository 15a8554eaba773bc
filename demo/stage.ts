/**
 * The house with everybody in it: homeserver, WhatsApp simulator, bridge, the citizen's phone, and the official in an
 * ordinary client. What is opened is closed again, also when a later part fails.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { House } from '../tests/peers/house.ts';
import { OrdinaryClient } from '../tests/peers/matrix-client/ordinary-client.ts';
import { citizen, officialName } from './people.ts';
import type { Progress } from './progress.ts';
import { within } from './within.ts';

export class Stage {
  readonly house: House;
  readonly #clients: OrdinaryClient[] = [];
  readonly #closing: (() => void)[] = [];

  private constructor(house: House) {
    this.house = house;
  }

  static async open(folder: string, progress: Progress): Promise<Stage> {
    const open = (): Promise<House> => House.open({ directory: folder, officials: [officialName], logLevel: 'info' });
    return new Stage(await progress.during('Homeserver (Synapse) and WhatsApp simulator', open));
  }

  async startBridge(progress: Progress): Promise<void> {
    const { house } = this;
    // Whatever ends the demo ends the bridge as well; the homeserver and the simulator see to that themselves.
    process.once('exit', () => void house.bridge.kill());
    await progress.during('Bridge', async () => {
      await house.bridge.start();
      await house.connectNumber();
    });
    await house.whatsapp.citizen(citizen);
  }

  /** The official's client, following /sync, and the events that were there before it began. */
  async enterOfficial(): Promise<{ readonly official: OrdinaryClient; readonly before: ReadonlySet<string> }> {
    const { synapse, secrets } = this.house;
    const official = await OrdinaryClient.login(synapse.url, officialName, secrets.password);
    this.#clients.push(official);
    const before = await eventsSoFar(official);
    official.start();
    return { official, before };
  }

  /** Says what ended by itself, as soon as something did. Rejects when `signal` is aborted. */
  async brokenPart(signal: AbortSignal): Promise<string> {
    for (;;) {
      await delay(lookEveryMs, undefined, { signal });
      const broken = await this.#broken();
      // What Ctrl-C ended did not end by itself: it has a moment to be heard here, too.
      await delay(ctrlCMs, undefined, { signal });
      if (broken !== undefined && (await this.#broken()) !== undefined) return broken;
    }
  }

  async #broken(): Promise<string | undefined> {
    const { bridge, synapse, whatsapp } = this.house;
    if (!bridge.running) return `The bridge ended. Its log: ${bridge.logFile}`;
    const [homeserver, simulator] = await Promise.allSettled([
      within(answersMs, fetch(`${synapse.url}/health`)),
      within(answersMs, whatsapp.idle(0)),
    ]);
    if (homeserver.status === 'rejected') return `The homeserver does not answer: ${String(homeserver.reason)}`;
    return simulator.status === 'rejected' ? `WhatsApp does not answer: ${String(simulator.reason)}` : undefined;
  }

  whenClosing(act: () => void): void {
    this.#closing.push(act);
  }

  /** Gently first, the bridge before what it talks to; what does not end is ended. */
  async close(): Promise<void> {
    const { bridge, synapse } = this.house;
    for (const act of this.#closing) act();
    await Promise.allSettled(this.#clients.map((client) => leave(client)));
    await bridge.stop().catch(() => bridge.kill());
    await synapse.stop();
    await this.house.close();
  }
}

const lookEveryMs = 2_000;
const ctrlCMs = 500;
const answersMs = 15_000;
const leaveWithinMs = 1_000;

/** Logs out, so that sessions of former starts do not pile up in the official's account. */
async function leave(client: OrdinaryClient): Promise<void> {
  await within(leaveWithinMs, client.call('POST', '/logout', {})).catch(() => undefined);
  await client.stop();
}

interface Joined {
  readonly timeline?: { readonly events?: readonly { readonly event_id: string }[] };
}

/** As far back as the client itself looks. */
async function eventsSoFar(client: OrdinaryClient): Promise<ReadonlySet<string>> {
  const filter = encodeURIComponent(JSON.stringify({ room: { timeline: { limit: 1_000 } } }));
  const { rooms } = (await client.call('GET', `/sync?filter=${filter}`)) as {
    readonly rooms?: { readonly join?: Readonly<Record<string, Joined>> };
  };
  const events = Object.values(rooms?.join ?? {}).flatMap(({ timeline }) => timeline?.events ?? []);
  return new Set(events.map(({ event_id: id }) => id));
}
