/**
 * The shape of a webhook body (Meta: "Webhooks reference, messages"), read liberally: what is unknown is left alone,
 * numbers where texts are expected become texts, and one unreadable message does not spoil the others.
 */
import { z } from 'zod';
import { errorCode } from './error-words.ts';

const maxId = 512;
const maxName = 256;
/** UTF-16 code units; WhatsApp's own limit is 65,536 letters, of which each may take two. */
const maxText = 131_072;
/** A caption goes into one event of Matrix; WhatsApp's own limit is 1,024 letters. */
const maxCaption = 4_500;
/** Homeservers bound the names of users; WhatsApp's own limit is 25 letters. */
const maxProfileName = 100;

/** A number that JSON did not carry exactly is no id. */
const exact = z.union([z.string(), z.int().transform(String)]);
const loose = z.union([z.string(), z.number()]).transform(String);

/** An id is kept as it came, here and on the homeserver, so what could not be kept is not taken. */
export const isKept = (id: string): boolean =>
  id !== '' && id.length <= maxId && id.isWellFormed() && !id.includes('\0');
const id = exact.refine(isKept);
const phone = id.transform((value) => value.replace(/^\+(?=\d)/, ''));
const text = loose.transform((value) => wholly(value, maxText));
const caption = loose.transform((value) => wholly(value, maxCaption));
const name = loose.transform((value) => storable(value).slice(0, maxName).toWellFormed());
const profileName = loose.transform(asName);

/** What is missing or cannot be read is undefined. */
const optional = <Shape extends z.ZodType>(shape: Shape) =>
  shape
    .nullish()
    .catch(undefined)
    .transform((value) => value ?? undefined);

/** Missing, or as it has to be: for what must not be taken for missing. */
const certain = <Shape extends z.ZodType>(shape: Shape) => shape.nullish().transform((value) => value ?? undefined);

const errors = optional(
  z.array(
    z.looseObject({
      code: optional(errorCode),
      title: optional(name),
      message: optional(name),
      error_data: optional(z.looseObject({ details: optional(text) })),
    }),
  ),
);

const media = z.looseObject({
  id: optional(id),
  mime_type: optional(name),
  sha256: optional(name),
  caption: optional(caption),
  filename: optional(name),
  voice: optional(z.boolean()),
});

export const messageShape = z.looseObject({
  id,
  type: loose.pipe(z.string().min(1).max(maxName)),
  from: optional(phone),
  from_user_id: optional(id),
  // Of what the business wrote itself.
  to: optional(phone),
  to_user_id: optional(id),
  timestamp: optional(loose),
  // What was said in a group must not come up in a chat between two.
  group_id: certain(id),
  context: optional(
    z.looseObject({
      id: optional(id),
      forwarded: optional(z.boolean()),
      frequently_forwarded: optional(z.boolean()),
      referred_product: optional(z.looseObject({ product_retailer_id: optional(name) })),
    }),
  ),
  referral: optional(z.looseObject({ headline: optional(name), source_url: optional(name) })),
  text: optional(z.looseObject({ body: text })),
  image: optional(media),
  video: optional(media),
  audio: optional(media),
  document: optional(media),
  sticker: optional(media),
  // An emoji that cannot be read must not take the reaction back.
  reaction: optional(
    z.looseObject({
      message_id: id,
      emoji: certain(
        z
          .string()
          .max(64)
          .refine((emoji) => emoji.isWellFormed()),
      ),
    }),
  ),
  system: optional(
    z.looseObject({
      body: optional(text),
      wa_id: optional(phone),
      new_wa_id: optional(phone),
      user_id: optional(id),
      previous_user_id: optional(id),
    }),
  ),
  errors,
});

export const statusShape = z.looseObject({
  id,
  status: loose.pipe(z.string().min(1).max(maxName)),
  timestamp: optional(loose),
  recipient_id: optional(phone),
  recipient_user_id: optional(id),
  recipient_type: optional(name),
  // Meta's pages have the first in two spellings.
  recipient_participant_id: optional(phone),
  participant_recipient_id: optional(phone),
  recipient_participant_user_id: optional(id),
  biz_opaque_callback_data: optional(z.string().max(maxId)),
  errors,
});

export const contactShape = z.looseObject({
  profile: optional(z.looseObject({ name: optional(profileName), username: optional(profileName) })),
  wa_id: optional(phone),
  user_id: optional(id),
});

/** Lists are judged item by item by those who read them. */
export const changeShape = z.looseObject({
  field: z.string().max(maxName),
  value: z.looseObject({
    metadata: z.looseObject({ phone_number_id: id, display_phone_number: optional(name) }),
    contacts: z.unknown().optional(),
    messages: z.unknown().optional(),
    message_echoes: z.unknown().optional(),
    history: z.unknown().optional(),
    statuses: z.unknown().optional(),
    groups: z.unknown().optional(),
    errors,
  }),
});

/** Whatever else it says, it is WhatsApp that speaks. */
export const objectShape = z.looseObject({ object: z.literal('whatsapp_business_account') });

export const envelopeShape = z.looseObject({ entry: z.array(z.unknown()) });
export const entryShape = z.looseObject({ changes: z.array(z.unknown()) });

export type Change = z.output<typeof changeShape>;
export type WhatsAppMessage = z.output<typeof messageShape>;
export type WhatsAppStatus = z.output<typeof statusShape>;
export type WhatsAppContact = z.output<typeof contactShape>;

/** As the name of a user: what would break or turn around the line that it stands in is left out. */
export function asName(value: string): string {
  return storable(value)
    .replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, '')
    .slice(0, maxProfileName)
    .toWellFormed()
    .trim();
}

const cutMark = ' … (cut here: it was longer than WhatsApp allows)';

/** What every homeserver can store. */
function storable(value: string): string {
  return value.toWellFormed().replaceAll('\0', '\ufffd');
}

/** Too long a text says that it was cut. */
function wholly(value: string, limit: number): string {
  const whole = storable(value);
  return whole.length <= limit ? whole : whole.slice(0, limit).toWellFormed() + cutMark;
}
