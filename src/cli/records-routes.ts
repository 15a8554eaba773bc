/** What the running bridge hands to a records officer over their socket: what is sealed stays sealed on the way. */
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { ChanceryError } from '../base/errors.ts';
import type { HttpRequest, Route } from '../base/http-listener.ts';
import { readContentUri } from '../matrix/content-uri.ts';
import type { ContentUri } from '../model/ids.ts';
import type { ProvenOrder } from '../records/challenges.ts';
import { bodyOf } from './control-body.ts';

const base64 = z.base64().transform((text): Uint8Array => Buffer.from(text, 'base64'));

/** Of which entries something is wanted. Times: milliseconds since the Unix epoch. */
export const recordsAsked = z.strictObject({
  /** A room, or a contact's number or id. */
  chat: z.string().min(1).max(512).optional(),
  contact: z.string().min(1).max(512).optional(),
  from: z.int().optional(),
  to: z.int().optional(),
});
export type RecordsAsked = z.output<typeof recordsAsked>;

const pageAsked = z.strictObject({ asked: recordsAsked, after: z.int().min(-1) });
const proofsAsked = z.strictObject({
  numbers: z.array(z.int().min(0)).max(1_000),
  checkpoint: z.string().max(10_000),
});
const exportAsked = z.strictObject({
  officer: z.string().min(1).max(256),
  asked: recordsAsked,
  redacted: z.array(z.string().max(64)).max(64),
  records: z.int().min(0),
  manifest: z.string().regex(/^[0-9a-f]{128}$/),
});

const contentUri = z.string().transform((text, context): ContentUri => {
  const uri = readContentUri(text);
  if (uri !== undefined) return uri;
  context.addIssue('not a content URI');
  return z.NEVER;
});
/** `bytes`: how long it is on record. */
const mediaAsked = z.strictObject({ mxc: contentUri, bytes: z.int().min(0) });
const epochsAsked = z.strictObject({ after: z.int().min(0) });
const rewrapOrder = z.strictObject({
  do: z.literal('rewrap'),
  epochs: z.array(z.strictObject({ id: z.int(), wrappedKey: z.string().max(100_000) })).max(50),
});

/** In one disposal, whose entry names them. */
export const maxRanges = 10_000;
const destroyOrder = z.strictObject({
  do: z.literal('destroy'),
  reason: z.string().min(1).max(2_000),
  ranges: z
    .array(z.tuple([z.int(), z.int()]))
    .min(1)
    .max(maxRanges),
});

const challengeAsked = z.strictObject({ recipient: z.string().max(8_192) });
const provenOrder = z.strictObject({
  challenge: z.string().max(64),
  order: z.string(),
  answer: z.string().regex(/^[0-9a-f]{64}$/u),
});

export const challengeGiven = z.object({ id: z.string(), sealed: z.string() });
export const destructionDone = z.object({ number: z.int(), entries: z.int() });

export const recordsHead = z.object({
  checkpoint: z.string(),
  size: z.int(),
  verifierKey: z.string(),
});
export const recordsEpochs = z.object({ epochs: z.array(z.object({ id: z.int(), wrappedKey: z.string() })) });
export const recordsPage = z.object({
  entries: z.array(
    z.object({
      number: z.int(),
      epochId: z.int(),
      leaf: z.string(),
      sealed: base64,
      isOfHouse: z.boolean(),
      /** The wrapped key, or why there is none. */
      key: z.union([z.enum(['destroyed', 'missing', 'damaged']), z.object({ wrapped: base64 })]),
    }),
  ),
  isLast: z.boolean(),
});
export const recordsProofs = z.object({ proofs: z.array(z.string()) });
export const exportRecorded = z.object({
  number: z.int(),
  leaf: z.string(),
  disclosures: z.array(z.string()),
  proof: z.string(),
  checkpoint: z.string(),
});

export const auditFound = z.object({
  findings: z.array(
    z.object({ what: z.string(), words: z.string(), room: z.string().optional(), event: z.string().optional() }),
  ),
  /** Whether there are more than are listed. */
  more: z.boolean(),
  checked: z.object({ entries: z.int(), verifierKey: z.string() }),
});

/** What the bridge does when it is asked; absent where it keeps no ledger. */
export interface RecordsTarget {
  head(): Promise<z.input<typeof recordsHead>>;
  /** Some of those after `after`; none when there are no more. */
  epochs(after: number): Promise<z.input<typeof recordsEpochs>>;
  page(asked: RecordsAsked, after: number): Promise<z.input<typeof recordsPage>>;
  proofs(numbers: readonly number[], checkpoint: string): Promise<string[]>;
  /** For the officer with this public key. Throws `CH-OFFICER-UNPROVEN`. */
  challenge(recipient: string): Promise<z.input<typeof challengeGiven>>;
  /** The officer who gave this order, by name. Throws `CH-OFFICER-UNPROVEN`. */
  proven(order: ProvenOrder): string;
  /** The keys of these epochs are wrapped for others from now on, which is recorded. */
  rewrap(officer: string, order: z.output<typeof rewrapOrder>): Promise<void>;
  /** The keys of these entries are overwritten, which is recorded. */
  destroy(officer: string, order: z.output<typeof destroyOrder>): Promise<z.input<typeof destructionDone>>;
  /** The bytes of a file. Throws `CH-MEDIA-GONE`, `CH-MEDIA-TOO-LARGE`, and when it may be had later. */
  media(uri: ContentUri, bytes: number): Promise<Readable>;
  audit(): Promise<z.input<typeof auditFound>>;
  recordExport(about: z.output<typeof exportAsked>): Promise<z.input<typeof exportRecorded>>;
}

export function recordsRoutes(target: RecordsTarget | undefined): Route[] {
  const kept = (): RecordsTarget => {
    if (target !== undefined) return target;
    throw new ChanceryError('CH-COMMAND-INVALID', {
      detail: 'This bridge keeps no ledger: set records.recipients in its configuration first.',
    });
  };
  /** The order is read only once it is proven. */
  const ordered = <Shape extends z.ZodType>(request: HttpRequest, shape: Shape): [string, z.output<Shape>] => {
    const given = bodyOf(request, provenOrder);
    const officer = kept().proven(given);
    return [officer, bodyOf({ body: Buffer.from(given.order) }, shape)];
  };
  return [
    {
      method: 'POST',
      path: '/records/challenges',
      maxBodyBytes: 16_384,
      handle: async (request) => ({
        status: 201,
        body: await kept().challenge(bodyOf(request, challengeAsked).recipient),
      }),
    },
    {
      method: 'POST',
      path: '/records/disposals',
      maxBodyBytes: 1_000_000,
      handle: async (request) => ({ status: 201, body: await kept().destroy(...ordered(request, destroyOrder)) }),
    },
    {
      method: 'GET',
      path: '/records/head',
      maxBodyBytes: 0,
      handle: async () => ({ status: 200, body: await kept().head() }),
    },
    {
      method: 'POST',
      path: '/records/epochs/page',
      maxBodyBytes: 1_024,
      handle: async (request) => ({ status: 200, body: await kept().epochs(bodyOf(request, epochsAsked).after) }),
    },
    {
      method: 'POST',
      path: '/records/epochs',
      maxBodyBytes: 6_000_000,
      handle: async (request) => {
        await kept().rewrap(...ordered(request, rewrapOrder));
        return { status: 200, body: {} };
      },
    },
    {
      method: 'POST',
      path: '/records/audits',
      maxBodyBytes: 1_024,
      handle: async () => ({ status: 200, body: await kept().audit() }),
    },
    {
      method: 'POST',
      path: '/records/page',
      maxBodyBytes: 8_192,
      handle: async (request) => {
        const { asked, after } = bodyOf(request, pageAsked);
        return { status: 200, body: await kept().page(asked, after) };
      },
    },
    {
      method: 'POST',
      path: '/records/proofs',
      maxBodyBytes: 65_536,
      handle: async (request) => {
        const { numbers, checkpoint } = bodyOf(request, proofsAsked);
        return { status: 200, body: { proofs: await kept().proofs(numbers, checkpoint) } };
      },
    },
    {
      method: 'POST',
      path: '/records/media',
      maxBodyBytes: 1_024,
      handle: async (request) => {
        const { mxc, bytes } = bodyOf(request, mediaAsked);
        return { status: 200, body: await kept().media(mxc, bytes) };
      },
    },
    {
      method: 'POST',
      path: '/records/exports',
      maxBodyBytes: 16_384,
      handle: async (request) => ({ status: 201, body: await kept().recordExport(bodyOf(request, exportAsked)) }),
    },
  ];
}
