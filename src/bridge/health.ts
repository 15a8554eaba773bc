/** How the bridge is, for those who watch it: whether it can do its work, and what waits. */
import { directions, type Metrics } from '../base/metrics.ts';
import type { BridgeContext } from './context.ts';
import type { HomeserverLink } from './homeserver-link.ts';
import type { Lanes } from './lanes.ts';

export interface HealthOptions {
  readonly context: BridgeContext;
  readonly inbound: Lanes;
  readonly outbound: Lanes;
  readonly link: HomeserverLink;
}

export class Health {
  readonly #options: HealthOptions;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** Why the bridge cannot do its work, in words without a number or a name; empty when it can. */
  missing(): readonly string[] {
    const accounts = Object.entries(this.#accounts()).filter(([, { trouble }]) => trouble > 0);
    return [
      ...(this.#homeserverIsThere() ? [] : [`the homeserver is not connected (${this.#options.link.state})`]),
      ...accounts.map(([network, { trouble, connected }]) => {
        const all = trouble + connected;
        return `${network} accepts nothing of ${trouble} of ${all} ${all === 1 ? 'account' : 'accounts'}`;
      }),
    ];
  }

  /** Rejects when the database cannot be read. */
  async readDatabase(): Promise<void> {
    await this.#options.context.store.read.backlog.parkedLanes();
  }

  /** Brings the gauges up to now. */
  async measure(): Promise<void> {
    const { context, inbound, outbound } = this.#options;
    const { metrics, store, clock } = context;
    const { backlog } = store.read;
    const parked = await backlog.parkedLanes();
    for (const direction of directions) {
      const { rows, lanes, deepest, oldestAt } = await backlog.openLanes(direction);
      const ageMs = oldestAt === undefined ? 0 : Math.max(0, clock.now() - oldestAt);
      metrics.waiting.set({ direction }, rows);
      metrics.lanesOpen.set({ direction }, lanes);
      metrics.deepestLane.set({ direction }, deepest);
      metrics.oldest.set({ direction }, ageMs / 1_000);
      metrics.parkedLanes.set({ direction }, parked[direction]);
      metrics.lanesBusy.set({ direction }, (direction === 'in' ? inbound : outbound).busy);
    }
    metrics.quarantined.set(await backlog.quarantined());
    metrics.uncertain.set(await backlog.uncertain());
    metrics.homeserverConnected.set(Number(this.#homeserverIsThere()));
    this.#measureAccounts(metrics);
  }

  #measureAccounts({ accounts }: Metrics): void {
    for (const [network, { connected, trouble }] of Object.entries(this.#accounts())) {
      accounts.set({ network, state: 'connected' }, connected);
      accounts.set({ network, state: 'trouble' }, trouble);
    }
  }

  #accounts(): Readonly<Record<string, { connected: number; trouble: number }>> {
    const counted: Record<string, { connected: number; trouble: number }> = {};
    for (const { session } of this.#options.context.sessions.all()) {
      const ofNetwork = (counted[session.account.network] ??= { connected: 0, trouble: 0 });
      ofNetwork[session.isInTrouble === true ? 'trouble' : 'connected'] += 1;
    }
    return counted;
  }

  /** While it is only being asked whether it is still there, it was there a moment ago. */
  #homeserverIsThere(): boolean {
    const { state } = this.#options.link;
    return state === 'connected' || state === 'asking';
  }
}
