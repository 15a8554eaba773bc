/** What the Graph calls about groups take, with Meta's limits. */
import * as z from 'zod';
import { parameter } from './graph-error.ts';
import { mostMembers } from './groups.ts';
import { checked } from './send-shape.ts';

const messaging_product = z.literal('whatsapp');
const subject = z.string().trim().min(1).max(128);
const description = z.string().max(2048);

export const creation = z.strictObject({
  messaging_product,
  subject,
  description: description.optional(),
  join_approval_mode: z.enum(['approval_required', 'auto_approve']).default('auto_approve'),
});

const settings = z.strictObject({
  messaging_product,
  subject: subject.optional(),
  description: description.optional(),
});

/** `user` was both a phone number and a user id at first; since there are business-scoped ids, these have `user_id`. */
const participant = z
  .strictObject({ user: z.string().min(1).optional(), user_id: z.string().min(1).optional() })
  .refine(({ user, user_id: userId }) => (user === undefined) !== (userId === undefined), 'user or user_id is needed')
  .transform(({ user, user_id: userId }) => user ?? userId ?? '');

export const removal = z.strictObject({
  messaging_product,
  participants: z.array(participant).min(1).max(mostMembers),
});

export const joinRequestIds = z.strictObject({
  messaging_product,
  join_requests: z.array(z.string().min(1)).min(1),
});

export const justProduct = z.strictObject({ messaging_product });

export type SettingsRequest = z.output<typeof settings>;

/** Throws error 100 naming the parameter. */
export function readSettings(body: unknown): SettingsRequest {
  const request = checked(settings, body);
  if (request.subject === undefined && request.description === undefined)
    throw parameter('At least one of subject and description is required.');
  return request;
}
