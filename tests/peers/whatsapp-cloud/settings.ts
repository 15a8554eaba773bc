/** The rules that WhatsApp keeps, as far as a test or a demo may want to turn them. */
import * as z from 'zod';

const ms = z.number().int().min(0);

const batching = z.strictObject({
  /** Where the batch is put together: several messages in one change, several changes, or several entries. */
  style: z.enum(['messages', 'changes', 'entries']),
  max: z.number().int().min(2).max(1_000),
  /** How long the first waits for company. */
  windowMs: ms,
});

export const settingsShape = z.strictObject({
  /** Free text only within `windowMs` of the citizen's last message (131047). */
  window: z.boolean().default(true),
  windowMs: ms.default(24 * 3_600_000),
  /** How 131047 and 131026 are told: in the answer, or accepted first and then a `failed` status. */
  refusals: z.enum(['reject', 'fail-later']).default('fail-later'),
  /** Least time between two messages to one person (131056); null switches it off. WhatsApp: 6000. */
  pairLimitMs: ms.nullable().default(null),
  /** Messages per second and number (130429); null switches it off. WhatsApp: 80. */
  throughputPerSecond: z.number().int().min(1).nullable().default(null),
  /** How far a sent message gets by itself. */
  statuses: z.enum(['none', 'sent', 'delivered', 'read']).default('delivered'),
  statusDelayMs: ms.default(20),
  /** How long a media url works. */
  mediaUrlMs: ms.default(5 * 60_000),
  /** Meta refuses uploads outside its list of types; true takes any as a document. */
  anyDocumentType: z.boolean().default(false),
  webhookOrder: z.enum(['per-citizen', 'none']).default('per-citizen'),
  retryBaseMs: ms.default(1_000),
  retryMaxMs: ms.default(60_000),
  webhookTimeoutMs: ms.default(15_000),
  batching: batching.nullable().default(null),
  /** What the WhatsApp Business Account has; as Meta lists them. */
  templates: z.array(z.looseObject({ name: z.string(), language: z.string() })).default([]),
  /** What the token may do, as its owner granted it. */
  permissions: z.array(z.string()).default(['whatsapp_business_management', 'whatsapp_business_messaging']),
  /** Whether an app gets the webhooks of the WhatsApp Business Account. */
  subscribed: z.boolean().default(true),
  /** Whether the numbers may use the Groups API (131215): Meta gives it to official business accounts only. */
  groupsEligible: z.boolean().default(true),
  /** The first account has this token from now on, and its former one is refused (190). */
  newToken: z.string().nullable().default(null),
});

export type Settings = z.infer<typeof settingsShape>;

/** Every setting may be left out; what is left out keeps its value. */
export type SettingsChange = { [K in keyof Settings]?: Settings[K] | undefined };

/** Changes `settings` in place, because everything in the simulator reads from the one object. Throws `ZodError`. */
export function changeSettings(settings: Settings, change: unknown): Settings {
  const given = z.record(z.string(), z.unknown()).parse(change);
  return Object.assign(settings, settingsShape.parse({ ...settings, ...given }));
}
