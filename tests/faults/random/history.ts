/**
 * What may happen in one history: rounds of load in both directions, each with one blow in the middle of it. fast-check
 * makes histories from a seed, and makes a history that fails smaller.
 */
import fc from 'fast-check';
import { type NamedPoint, namedPoints } from '../../../src/base/named-points.ts';

/** How many citizens write at the beginning; `newcomer` adds more. */
export const chatsAtFirst = 4;

const inboundKinds = ['text', 'text', 'reply', 'reaction', 'media', 'newcomer', 'newcomer with media'] as const;
const outboundKinds = ['text', 'text', 'reply', 'reaction', 'media', 'long', 'refused', 'undeliverable'] as const;

/** One thing that somebody does, after a pause, once their earlier things in that chat are done. */
export type Action =
  | {
      readonly side: 'in';
      readonly kind: (typeof inboundKinds)[number];
      readonly chat: number;
      readonly pauseMs: number;
    }
  | {
      readonly side: 'out';
      readonly kind: (typeof outboundKinds)[number];
      readonly chat: number;
      readonly pauseMs: number;
    };

export const homeserverTroubles = ['refuse', 'hang', 'slow', 'rate-limit', 'bad-gateway', 'cut'] as const;
export type HomeserverTrouble = (typeof homeserverTroubles)[number];

const networkFaults = [
  'graph-5xx',
  'graph-rate-limited',
  'graph-slow',
  'graph-refuse',
  'graph-cut-after-accept',
  'graph-error-after-accept',
  'media-url-404',
  'media-wrong-bytes',
  'media-cut',
] as const;
const webhookFaults = ['webhook-duplicate', 'webhook-reorder', 'webhook-delay'] as const;

export type Blow =
  | { readonly kind: 'kill bridge' | 'kill homeserver' | 'kill both' }
  | { readonly kind: 'kill bridge at'; readonly point: NamedPoint; readonly passing: number }
  | { readonly kind: 'homeserver trouble'; readonly trouble: HomeserverTrouble; readonly forMs: number }
  | { readonly kind: 'network trouble'; readonly fault: (typeof networkFaults)[number]; readonly times: number }
  | { readonly kind: 'webhook trouble'; readonly fault: (typeof webhookFaults)[number]; readonly times: number }
  | { readonly kind: 'network away' | 'disk full' | 'database locked'; readonly forMs: number }
  | { readonly kind: 'redelivery' | 'clock back' | 'second start' };

export interface Round {
  readonly actions: readonly Action[];
  readonly blow: Blow;
  /** How long the load has run when the blow falls. */
  readonly afterMs: number;
}

export type History = readonly Round[];

const chat = fc.nat(30);
const pauseMs = fc.integer({ min: 0, max: 80 });
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ side: fc.constant('in' as const), kind: fc.constantFrom(...inboundKinds), chat, pauseMs }),
  fc.record({ side: fc.constant('out' as const), kind: fc.constantFrom(...outboundKinds), chat, pauseMs }),
);

const forMs = fc.integer({ min: 500, max: 4_000 });
const times = fc.integer({ min: 1, max: 4 });
const kinds = <Kind extends string>(...all: readonly Kind[]): fc.Arbitrary<Kind> => fc.constantFrom(...all);
/** Those that every file passes; the houses of histories have no ffmpeg. */
const points = namedPoints.filter((point) => point !== 'outbound.media-transcoded' && point !== 'disposal.recorded');
const blow: fc.Arbitrary<Blow> = fc.oneof(
  { weight: 22, arbitrary: fc.record({ kind: kinds('kill bridge') }) },
  {
    weight: 14,
    arbitrary: fc.record({
      kind: kinds('kill bridge at'),
      point: fc.constantFrom(...points),
      passing: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 36, arbitrary: fc.record({ kind: kinds('kill homeserver') }) },
  { weight: 4, arbitrary: fc.record({ kind: kinds('kill both') }) },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: kinds('homeserver trouble'),
      trouble: fc.constantFrom(...homeserverTroubles),
      forMs,
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({ kind: kinds('network trouble'), fault: fc.constantFrom(...networkFaults), times }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: kinds('webhook trouble'), fault: fc.constantFrom(...webhookFaults), times }),
  },
  { weight: 5, arbitrary: fc.record({ kind: kinds('network away', 'disk full', 'database locked'), forMs }) },
  { weight: 4, arbitrary: fc.record({ kind: kinds('redelivery', 'clock back', 'second start') }) },
);

const round: fc.Arbitrary<Round> = fc.record({
  actions: fc.array(action, { minLength: 8, maxLength: 18, size: 'max' }),
  blow,
  afterMs: fc.integer({ min: 30, max: 700 }),
});

/** `rounds` at most; shrinking takes rounds away, then actions, then makes what is left simpler. */
export const histories = (rounds: number): fc.Arbitrary<History> =>
  fc.array(round, { minLength: 3, maxLength: rounds, size: 'max' });
