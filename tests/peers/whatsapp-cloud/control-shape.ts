/** The bodies that the control API takes; the server reads them with these, the client class is typed by them. */
import * as z from 'zod';

const phone = z.string().regex(/^\d{5,20}$/);
const account = z.string().optional();
const context = {
  /** Phone number id of the business; the first one when left out. */
  account,
  /** Id or invite link of a group: it is said there, and not in the chat between two. */
  group: z.string().optional(),
  /** A message id. */
  replyTo: z.string().optional(),
  forwarded: z.boolean().optional(),
  frequentlyForwarded: z.boolean().optional(),
};

export const citizenShape = z
  .strictObject({
    phone: phone.optional(),
    userId: z
      .string()
      .regex(/^[A-Z]{2}\.[A-Za-z0-9.]+$/)
      .optional(),
    name: z.string().min(1).optional(),
    username: z.string().min(1).optional(),
    undeliverable: z.boolean().optional(),
  })
  .refine(({ phone: number, userId }) => number !== undefined || userId !== undefined, 'phone or userId is needed');

export const textShape = z.strictObject({ ...context, text: z.string().min(1) });

export const mediaShape = z.strictObject({
  ...context,
  kind: z.enum(['image', 'video', 'audio', 'document', 'sticker']),
  mime: z.string().optional(),
  caption: z.string().optional(),
  filename: z.string().optional(),
  voice: z.boolean().optional(),
  animated: z.boolean().optional(),
  source: z.union([
    z.strictObject({ path: z.string().min(1) }),
    z.strictObject({ base64: z.base64() }),
    /** Made on the spot; the same size and seed give the same bytes. */
    z.strictObject({ size: z.number().int().min(1).max(1_073_741_824), seed: z.number().int() }),
  ]),
});

/** Any other type: location, contacts, interactive, button, order, unsupported ... */
export const otherShape = z.strictObject({ ...context, type: z.string().min(1), content: z.unknown() });

export const reactionShape = z.strictObject({
  account,
  messageId: z.string(),
  /** Null takes it back. */
  emoji: z.string().min(1).nullable(),
});

export const readShape = z.strictObject({ account, upTo: z.string().optional() });
export const groupShape = z.strictObject({ group: z.string().min(1) });
export const readGroupShape = groupShape.extend({ upTo: z.string().optional() });
export const numberShape = z.strictObject({ account, phone });
export const webhookUrlShape = z.strictObject({ url: z.url().nullable(), account });
export const verifyShape = z.strictObject({ verifyToken: z.string(), challenge: z.string().optional(), account });
export const clockShape = z.strictObject({ advanceMs: z.number().int() });

export const rawShape = z.strictObject({
  account,
  /** Exactly one: the value of one change; a whole body; text that is sent as it is; bytes that are sent as they are. */
  content: z.union([
    z.strictObject({ value: z.unknown(), field: z.string().default('messages') }),
    z.strictObject({ body: z.unknown() }),
    z.strictObject({ text: z.string() }),
    z.strictObject({ base64: z.base64() }),
  ]),
  signature: z.enum(['right', 'wrong', 'missing']).default('right'),
  /** Until it is taken with 200 (always rightly signed), instead of once. */
  retry: z.boolean().default(false),
});

export type CitizenRequest = z.input<typeof citizenShape>;
export type TextRequest = z.input<typeof textShape>;
export type MediaRequest = z.input<typeof mediaShape>;
export type OtherRequest = z.input<typeof otherShape>;
export type ReactionRequest = z.input<typeof reactionShape>;
export type RawRequest = z.input<typeof rawShape>;
export type VerifyRequest = z.input<typeof verifyShape>;
