/**
 * What the bridge counts and measures, each with its unit and its meaning in plain words. Labels are bounded (networks,
 * directions, outcomes, templates of paths): never an id, a number or a name of anybody.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What each label says; the documentation is made from it. */
export const labelMeanings = {
  direction: '`in` is from a network to Matrix, `out` from Matrix to a network',
  kind: '`message` or `reaction`',
  method: 'the HTTP method',
  network: 'the network, such as `whatsapp`',
  operation:
    'what was asked of the network: `send`, `mark` (read, typing), `upload`, `look-up` and `download` (files), `check-number` (login)',
  outcome:
    '`passed_on`: the other side has it. `failed`: it will not be passed on, and its author was told why. `uncertain`: nobody can tell whether the network has it. `undelivered`: passed on before, and then the network reported that it could not deliver it',
  route: 'the path with `*` in the place of each id',
  state:
    '`connected`, or `trouble` when the network accepts nothing of the account at the moment, such as after its token expired',
  status: 'the class of the HTTP status, such as `2xx`; `none` when no answer came',
  version: 'the version of Chancery',
} as const;

type Label = keyof typeof labelMeanings;
export type FlowDirection = 'in' | 'out';
export type MessageKind = 'message' | 'reaction';
export type Outcome = 'passed_on' | 'failed' | 'uncertain' | 'undelivered';

export interface CountedMessage {
  readonly network: string;
  readonly direction: FlowDirection;
  readonly kind: MessageKind;
  readonly outcome: Outcome;
}

/** A call to the homeserver or to a network; `status` is undefined when no answer came. */
export interface MeasuredCall {
  readonly status: number | undefined;
  readonly seconds: number;
}

const commitBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const callBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const lagBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1_800, 7_200, 43_200];

export const directions: readonly FlowDirection[] = ['in', 'out'];
const kinds: readonly MessageKind[] = ['message', 'reaction'];
const outcomesOf: Readonly<Record<FlowDirection, readonly Outcome[]>> = {
  in: ['passed_on'],
  out: ['passed_on', 'failed', 'uncertain', 'undelivered'],
};

export class Metrics {
  readonly registry = new Registry();
  readonly #messages = this.#counter('chancery_messages_total', 'Messages and reactions, by what became of them.', [
    'network',
    'direction',
    'kind',
    'outcome',
  ]);
  readonly #journalLag = this.#histogram(
    'chancery_journal_lag_seconds',
    'From the moment in which something is durable here until it is done, waiting included.',
    ['direction'],
    lagBuckets,
  );
  readonly #commits = this.#histogram(
    'chancery_commit_seconds',
    'How long a commit to the database takes, with the work in it and until it is on disk.',
    [],
    commitBuckets,
  );
  readonly #units = this.#counter(
    'chancery_committed_units_total',
    'Units of work that were committed; several that wait share a commit.',
    [],
  );
  readonly #homeserver = this.#histogram(
    'chancery_homeserver_request_seconds',
    'How long the homeserver takes to answer. An upload counts to its end, a download to its first byte.',
    ['method', 'route', 'status'],
    callBuckets,
  );
  readonly #network = this.#histogram(
    'chancery_network_request_seconds',
    'How long a network takes to answer. An upload counts to its end, a download to its first byte.',
    ['network', 'operation', 'status'],
    callBuckets,
  );
  readonly waiting = this.#gauge(
    'chancery_journal_waiting',
    'Things that are durable here and not done yet, those behind a parked one included.',
    ['direction'],
  );
  readonly lanesOpen = this.#gauge('chancery_lanes_open', 'Chats in which something is not done yet.', ['direction']);
  readonly lanesBusy = this.#gauge('chancery_lanes_busy', 'Chats that are worked on at this moment.', ['direction']);
  readonly deepestLane = this.#gauge('chancery_lane_depth_max', 'How much waits in the chat in which most waits.', [
    'direction',
  ]);
  readonly parkedLanes = this.#gauge(
    'chancery_lanes_parked',
    'Chats that stand still until an admin acts: see the bot command `retry`.',
    ['direction'],
  );
  readonly oldest = this.#gauge(
    'chancery_oldest_undelivered_seconds',
    'How long ago the oldest thing that is not done yet was received; 0 when there is none.',
    ['direction'],
  );
  readonly quarantined = this.#gauge(
    'chancery_quarantined',
    'Things that nobody could read, kept as they came; nothing waits for them.',
    [],
  );
  readonly uncertain = this.#gauge(
    'chancery_messages_uncertain',
    'Messages of which nobody can tell whether the network has them, and which nobody has sent again.',
    [],
  );
  readonly accounts = this.#gauge('chancery_accounts', 'Connected accounts.', ['network', 'state']);
  readonly homeserverConnected = this.#gauge(
    'chancery_homeserver_connected',
    '1 while the homeserver answers and reaches the bridge, else 0.',
    [],
  );
  readonly ready = this.#gauge('chancery_ready', '1 while `/ready` answers 200, else 0.', []);
  readonly #build = this.#gauge('chancery_build_info', 'Always 1; the version is in the label.', ['version']);
  /** Counters and histograms with their labels filled in, so that the hot path does not look them up by label. */
  readonly #bound = new Map<string, (value: number) => void>();
  readonly #ofCommits = this.#commits.labels();
  readonly #ofUnits = this.#units.labels();
  #measuresProcess = false;

  /** From here on the counts of this network are there, at 0: a first failure is then a rise that alerts can see. */
  introduce(network: string): void {
    for (const direction of directions)
      for (const kind of kinds)
        for (const outcome of outcomesOf[direction]) this.#messages.labels(network, direction, kind, outcome).inc(0);
  }

  count({ network, direction, kind, outcome }: CountedMessage): void {
    this.#bind(`m ${network} ${direction} ${kind} ${outcome}`, () => {
      const counter = this.#messages.labels(network, direction, kind, outcome);
      return (by) => counter.inc(by);
    })(1);
  }

  rowDone(direction: FlowDirection, lagSeconds: number): void {
    this.#bind(`l ${direction}`, () => {
      const histogram = this.#journalLag.labels(direction);
      return (seconds) => histogram.observe(seconds);
    })(Math.max(0, lagSeconds));
  }

  committed(seconds: number, units: number): void {
    this.#ofCommits.observe(seconds);
    this.#ofUnits.inc(units);
  }

  homeserverCall(method: string, route: string, { status, seconds }: MeasuredCall): void {
    const answered = classOf(status);
    this.#bind(`h ${method} ${route} ${answered}`, () => {
      const histogram = this.#homeserver.labels(method, route, answered);
      return (value) => histogram.observe(value);
    })(seconds);
  }

  networkCall(network: string, operation: string, { status, seconds }: MeasuredCall): void {
    const answered = classOf(status);
    this.#bind(`n ${network} ${operation} ${answered}`, () => {
      const histogram = this.#network.labels(network, operation, answered);
      return (value) => histogram.observe(value);
    })(seconds);
  }

  /** Adds what Node.js knows of the process: memory, processor, event loop, garbage collection. */
  measureProcess(version: string): void {
    if (this.#measuresProcess) return;
    this.#measuresProcess = true;
    this.#build.labels(version).set(1);
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: eventLoopPrecisionMs });
  }

  #bind(key: string, bind: () => (value: number) => void): (value: number) => void {
    const known = this.#bound.get(key);
    if (known !== undefined) return known;
    const record = bind();
    this.#bound.set(key, record);
    return record;
  }

  #counter<Name extends Label>(name: string, help: string, labelNames: readonly Name[]): Counter<Name> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge<Name extends Label>(name: string, help: string, labelNames: readonly Name[]): Gauge<Name> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  #histogram<Name extends Label>(
    name: string,
    help: string,
    labelNames: readonly Name[],
    buckets: number[],
  ): Histogram<Name> {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
  }
}

/** How often, in milliseconds, the process looks how late its event loop is. */
const eventLoopPrecisionMs = 50;

const classOf = (status: number | undefined): string =>
  status === undefined ? 'none' : `${Math.floor(status / 100)}xx`;
