/**
 * The shape of a webhook body (Meta: "Webhooks reference, messages"), read liberally: what is unknown is left alone,
 * numbers where texts are expected become texts, and one unreadable message does not spoil the others.
 */
import { z } from 'zod';

const maxId = 512;
const maxName = 256;
const maxText = 65_536;

const asText = z.union([z.string(), z.number()]).transform(String);
const id = asText.pipe(z.string().min(1).max(maxId));
const optional = <Shape extends z.ZodType>(shape: Shape) =>
  shape
    .nullish()
    .catch(undefined)
    .transform((value) => value ?? undefined);
const text = z.string().transform((value) => value.slice(0, maxText));
const name = z.string().transform((value) => value.slice(0, maxName));

const errorItem = z.looseObject({
  code: optional(z.coerce.number()),
  title: optional(name),
  message: optional(name),
  error_data: optional(z.looseObject({ details: optional(text) })),
});

const media = z.looseObject({
  id,
  mime_type: optional(name),
  sha256: optional(name),
  caption: optional(text),
  filename: optional(name),
  voice: optional(z.boolean()),
  animated: optional(z.boolean()),
});

export const messageShape = z.looseObject({
  id,
  type: asText.pipe(z.string().min(1).max(maxName)),
  from: optional(id),
  from_user_id: optional(id),
  timestamp: optional(asText),
  group_id: optional(id),
  context: optional(
    z.looseObject({
      id: optional(id),
      forwarded: optional(z.boolean()),
      frequently_forwarded: optional(z.boolean()),
      referred_product: optional(z.looseObject({ product_retailer_id: optional(asText) })),
    }),
  ),
  text: optional(z.looseObject({ body: text })),
  image: optional(media),
  video: optional(media),
  audio: optional(media),
  document: optional(media),
  sticker: optional(media),
  reaction: optional(z.looseObject({ message_id: id, emoji: optional(z.string().max(64)) })),
  system: optional(
    z.looseObject({
      body: optional(text),
      type: optional(name),
      wa_id: optional(id),
      new_wa_id: optional(id),
      user_id: optional(id),
    }),
  ),
  errors: optional(z.array(errorItem)),
});

export const statusShape = z.looseObject({
  id,
  status: asText,
  timestamp: optional(asText),
  recipient_id: optional(id),
  recipient_user_id: optional(id),
  biz_opaque_callback_data: optional(z.string().max(maxId)),
  errors: optional(z.array(errorItem)),
});

const contactShape = z.looseObject({
  profile: optional(z.looseObject({ name: optional(name), username: optional(name) })),
  wa_id: optional(id),
  user_id: optional(id),
});

/** Lists are judged item by item by those who read them. */
const unknowns = optional(z.array(z.unknown()));

export const changeShape = z.looseObject({
  field: z.string().max(maxName),
  value: z.looseObject({
    metadata: z.looseObject({ phone_number_id: id, display_phone_number: optional(asText) }),
    contacts: optional(z.array(contactShape)),
    messages: unknowns,
    statuses: unknowns,
    errors: optional(z.array(errorItem)),
  }),
});

export const envelopeShape = z.looseObject({
  object: z.literal('whatsapp_business_account'),
  entry: z.array(z.looseObject({ changes: z.array(z.unknown()).max(10_000) })).max(10_000),
});

export type Change = z.output<typeof changeShape>;
export type WhatsAppMessage = z.output<typeof messageShape>;
export type WhatsAppStatus = z.output<typeof statusShape>;
export type WhatsAppContact = z.output<typeof contactShape>;
