/** What goes over the control socket: the steps of a login, never with the account's credentials, and what was found. */
import { z } from 'zod';

const question = z.object({
  name: z.string(),
  prompt: z.string(),
  secret: z.boolean(),
  whenEmpty: z.string().exactOptional(),
});

export const controlStep = z.discriminatedUnion('step', [
  z.object({ step: z.literal('ask'), questions: z.array(question), problem: z.string().exactOptional() }),
  z.object({ step: z.literal('show-qr'), data: z.string(), expiresAt: z.number() }),
  z.object({ step: z.literal('wait'), message: z.string() }),
  z.object({ step: z.literal('done'), displayName: z.string(), advice: z.array(z.string()) }),
]);

export const openLogin = z.object({ id: z.string(), next: controlStep });

const finding = z.object({
  check: z.string(),
  severity: z.enum(['good', 'warning', 'fault']),
  words: z.string(),
  advice: z.string().exactOptional(),
});

export const accountExaminations = z.object({
  accounts: z.array(z.object({ id: z.string(), findings: z.array(finding) })),
});
export type AccountExaminations = z.output<typeof accountExaminations>;

export type ControlStep = z.output<typeof controlStep>;

/** A login that was begun, under the id by which it goes on. */
export type OpenLogin = z.output<typeof openLogin>;
