/** Misbehaviour on demand: each fault fires a set number of times, or by chance with a seed, and is told in the log. */
import * as z from 'zod';
import type { Log } from './log.ts';
import { seededRandom } from './seeded-random.ts';

const when = {
  /** How often it fires. Left out: once, or without end when a probability is given. */
  times: z.number().int().min(1).optional(),
  /** Chance at each occasion, 0 to 1. Left out: every occasion. */
  probability: z.number().min(0).max(1).optional(),
  seed: z.number().int().optional(),
};

const place = z.enum([
  'messages',
  'read',
  'media-upload',
  'media-info',
  'media-url',
  'phone-number',
  'templates',
  'groups',
  'any',
]);
const onGraph = { ...when, on: place.default('messages') };
const ms = z.number().int().min(0);

export const faultShape = z.discriminatedUnion('fault', [
  z.strictObject({ fault: z.literal('webhook-duplicate'), ...when, copies: z.number().int().min(1).default(1) }),
  /** Holds one back until the next of the same citizen has gone out (or `holdMs` is over). */
  z.strictObject({ fault: z.literal('webhook-reorder'), ...when, holdMs: ms.default(2_000) }),
  z.strictObject({ fault: z.literal('webhook-delay'), ...when, ms }),
  z.strictObject({ fault: z.literal('webhook-wrong-signature'), ...when }),
  z.strictObject({ fault: z.literal('webhook-missing-signature'), ...when }),
  z.strictObject({ fault: z.literal('status-skip-delivered'), ...when }),
  z.strictObject({
    fault: z.literal('graph-5xx'),
    ...onGraph,
    status: z.number().int().min(500).max(599).default(500),
    body: z.enum(['json', 'html']).default('json'),
  }),
  z.strictObject({
    fault: z.literal('graph-rate-limited'),
    ...onGraph,
    code: z.union([z.literal(4), z.literal(80007), z.literal(130429), z.literal(131056)]).default(130429),
    status: z.number().int().min(400).max(599).default(429),
  }),
  z.strictObject({ fault: z.literal('graph-slow'), ...onGraph, ms }),
  /** Connection reset before anything is accepted: the message is not sent. */
  z.strictObject({ fault: z.literal('graph-refuse'), ...onGraph }),
  /** The message is sent, but the connection goes before the answer. */
  z.strictObject({ fault: z.literal('graph-cut-after-accept'), ...when }),
  /** The message is sent, but the answer says 500. */
  z.strictObject({ fault: z.literal('graph-error-after-accept'), ...when }),
  /** A change of a group is accepted, but its webhook says that it failed (create, delete, settings, remove). */
  z.strictObject({ fault: z.literal('group-request-fails'), ...when, code: z.number().int().default(131000) }),
  z.strictObject({ fault: z.literal('media-url-404'), ...when }),
  z.strictObject({ fault: z.literal('media-wrong-bytes'), ...when }),
  /** Half of the bytes, then the connection goes. */
  z.strictObject({ fault: z.literal('media-cut'), ...when }),
]);

export type Fault = z.infer<typeof faultShape>;
export type FaultRequest = z.input<typeof faultShape>;
export type FaultName = Fault['fault'];
export type FaultOf<N extends FaultName> = Extract<Fault, { readonly fault: N }>;
export type GraphPlace = Exclude<z.infer<typeof place>, 'any'>;

export interface ActiveFault {
  readonly id: number;
  readonly fault: Fault;
  fired: number;
}

interface Armed extends ActiveFault {
  readonly random: () => number;
  readonly limit: number;
}

export class Faults {
  readonly #armed = new Map<number, Armed>();
  readonly #log: Log;
  #lastId = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  add(fault: Fault): number {
    this.#lastId += 1;
    const limit = fault.times ?? (fault.probability === undefined ? 1 : Number.POSITIVE_INFINITY);
    this.#armed.set(this.#lastId, { id: this.#lastId, fault, fired: 0, limit, random: seededRandom(fault.seed ?? 1) });
    return this.#lastId;
  }

  /** The fault of this name that strikes now, if one does. */
  fire<N extends FaultName>(name: N, where?: GraphPlace): FaultOf<N> | undefined {
    if (this.#armed.size === 0) return undefined;
    for (const armed of this.#armed.values()) {
      const { fault } = armed;
      if (!isNamed(fault, name)) continue;
      if ('on' in fault && fault.on !== 'any' && fault.on !== where) continue;
      if (fault.probability !== undefined && armed.random() >= fault.probability) continue;
      armed.fired += 1;
      if (armed.fired >= armed.limit) this.#armed.delete(armed.id);
      this.#log.add({ kind: 'fault-fired', fault: name, faultId: armed.id });
      return fault;
    }
    return undefined;
  }

  /** True when there was such a fault. */
  remove(id: number): boolean {
    return this.#armed.delete(id);
  }

  clear(): void {
    this.#armed.clear();
  }

  active(): readonly ActiveFault[] {
    return [...this.#armed.values()].map(({ id, fault, fired }) => ({ id, fault, fired }));
  }
}

function isNamed<N extends FaultName>(fault: Fault, name: N): fault is FaultOf<N> {
  return fault.fault === name;
}
