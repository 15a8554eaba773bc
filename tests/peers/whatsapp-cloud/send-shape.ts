/** What POST /messages takes, with Meta's limits; what it does not take is refused with error 100 and the name of the parameter. */
import * as z from 'zod';
import { parameter } from './graph-error.ts';

const text = (max: number): z.ZodString => z.string().min(1).max(max);
const wamid = z.string().startsWith('wamid.');
const link = z.string().regex(/^https?:\/\//);

const mediaKeys = { id: text(64).optional(), link: link.optional() };
const oneSource = (media: { id?: string | undefined; link?: string | undefined }): boolean =>
  (media.id === undefined) !== (media.link === undefined);
const oneSourceWords = { message: 'must have exactly one of id and link' };

const caption = z.string().max(1024).optional();
const header = z.looseObject({ type: z.enum(['text', 'image', 'video', 'document']) });
const words = (max: number): z.ZodObject => z.strictObject({ text: text(max) });

const distinct = <Item>(key: (item: Item) => string) => ({
  check: (items: readonly Item[]): boolean => new Set(items.map(key)).size === items.length,
  message: 'must not repeat itself',
});
const titled = distinct(({ reply }: { reply: { title: string } }) => reply.title);
const button = z.strictObject({
  type: z.literal('reply'),
  reply: z.strictObject({ id: text(256), title: text(20) }),
});
const row = z.strictObject({ id: text(200), title: text(24), description: z.string().max(72).optional() });
const section = z.strictObject({ title: text(24).optional(), rows: z.array(row).min(1) });
const interactiveFrame = { header: header.optional(), footer: words(60).optional() };
const rowsOf = (sections: readonly { readonly rows: readonly { readonly id: string }[] }[]) =>
  sections.flatMap(({ rows }) => rows);

/** Buttons: three at most; a list: ten rows in all, and a title for each section where there are several. */
const interactive = z.union([
  z.strictObject({
    type: z.literal('button'),
    ...interactiveFrame,
    body: words(1024),
    action: z.strictObject({ buttons: z.array(button).min(1).max(3).refine(titled.check, titled.message) }),
  }),
  z.strictObject({
    type: z.literal('list'),
    ...interactiveFrame,
    body: words(4096),
    action: z.strictObject({
      button: text(20),
      sections: z
        .array(section)
        .min(1)
        .refine((sections) => sections.length === 1 || sections.every(({ title }) => title !== undefined))
        .refine((sections) => rowsOf(sections).length <= 10)
        .refine((sections) => new Set(rowsOf(sections).map(({ id }) => id)).size === rowsOf(sections).length),
    }),
  }),
  z.looseObject({ type: text(64).refine((type) => type !== 'button' && type !== 'list'), action: z.looseObject({}) }),
]);

const shapes = {
  text: z.strictObject({ body: text(4096), preview_url: z.boolean().optional() }),
  image: z.strictObject({ ...mediaKeys, caption }).refine(oneSource, oneSourceWords),
  video: z.strictObject({ ...mediaKeys, caption }).refine(oneSource, oneSourceWords),
  audio: z.strictObject({ ...mediaKeys, voice: z.boolean().optional() }).refine(oneSource, oneSourceWords),
  document: z
    .strictObject({ ...mediaKeys, caption, filename: z.string().max(240).optional() })
    .refine(oneSource, oneSourceWords),
  sticker: z.strictObject(mediaKeys).refine(oneSource, oneSourceWords),
  /** An empty emoji takes the reaction back. */
  reaction: z.strictObject({ message_id: wamid, emoji: z.string().max(64) }),
  location: z.strictObject({
    latitude: z.coerce.number().min(-90).max(90),
    longitude: z.coerce.number().min(-180).max(180),
    name: z.string().max(1000).optional(),
    address: z.string().max(1000).optional(),
  }),
  contacts: z
    .array(z.looseObject({ name: z.looseObject({ formatted_name: text(1000) }) }))
    .min(1)
    .max(257),
  interactive,
  template: z.strictObject({
    name: text(512),
    language: z.looseObject({ code: text(64) }),
    components: z.array(z.looseObject({ type: text(64) })).optional(),
  }),
} as const;

export type SendType = keyof typeof shapes;
const sendTypes = Object.keys(shapes).filter((key): key is SendType => key in shapes);

const frame = z.looseObject({
  messaging_product: z.literal('whatsapp'),
  recipient_type: z.enum(['individual', 'group']).optional(),
  to: z.string().optional(),
  recipient: z.string().optional(),
  context: z.strictObject({ message_id: wamid }).optional(),
  biz_opaque_callback_data: z.string().max(512).optional(),
  type: z.string().optional(),
});

const frameKeys = new Set([...Object.keys(frame.shape), ...sendTypes, 'recipient_identity_key_hash', 'ttl']);

const readMark = z.strictObject({
  messaging_product: z.literal('whatsapp'),
  status: z.literal('read'),
  message_id: wamid,
  typing_indicator: z.strictObject({ type: z.literal('text') }).optional(),
});

export interface SendRequest {
  readonly recipientType: 'individual' | 'group';
  readonly type: SendType;
  readonly content: unknown;
  readonly to: string | undefined;
  readonly recipient: string | undefined;
  readonly replyTo: string | undefined;
  readonly callbackData: string | undefined;
}

export type ReadRequest = z.infer<typeof readMark>;

/** Throws error 100 naming the parameter. */
export function readSend(body: object): SendRequest {
  const given = checked(frame, body, '');
  const unknown = Object.keys(body).find((key) => !frameKeys.has(key));
  if (unknown !== undefined) throw parameter(`Unexpected key "${unknown}" on the message.`);
  const type = typeOf(given.type, body);
  const content: unknown = Reflect.get(body, type);
  if (content === undefined) throw parameter(`The parameter ${type} is required.`);
  const shape: z.ZodType = shapes[type];
  checked(shape, content, type);
  if (given.to === undefined && given.recipient === undefined) throw parameter('The parameter to is required.');
  const recipientType = given.recipient_type ?? 'individual';
  if (recipientType === 'group' && given.to === undefined) throw parameter('The parameter to is required.');
  return {
    recipientType,
    type,
    content,
    to: given.to,
    recipient: given.recipient,
    replyTo: given.context?.message_id,
    callbackData: given.biz_opaque_callback_data,
  };
}

/** Throws error 100 naming the parameter. */
export const readReadMark = (body: object): ReadRequest => checked(readMark, body, '');

/** Without `type` it is what the one content object says, and a text when there is none. */
function typeOf(type: string | undefined, body: object): SendType {
  const inferred = type ?? sendTypes.find((candidate) => candidate in body) ?? 'text';
  const known = sendTypes.find((candidate) => candidate === inferred.toLowerCase());
  if (known !== undefined) return known;
  const names = sendTypes.map((name) => name.toUpperCase()).join(', ');
  throw parameter(`Param type must be one of {${names}} - got "${inferred}".`);
}

/** Throws error 100 naming the parameter. */
export function checked<T>(shape: z.ZodType<T>, value: unknown, parent = ''): T {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = (issue?.path ?? []).map(String);
  const names = parent === '' ? path : [parent, ...path];
  const name = names.length === 0 ? 'body' : names.map((part, index) => (index === 0 ? part : `['${part}']`)).join('');
  throw parameter(wordsFor(issue, name));
}

function wordsFor(issue: z.core.$ZodIssue | undefined, name: string): string {
  if (issue?.code === 'too_big') return `Param ${name} must be at most ${issue.maximum} characters long.`;
  if (issue?.code === 'too_small') return `Param ${name} must be at least ${issue.minimum} characters long.`;
  if (issue?.code === 'unrecognized_keys') return `Unexpected key "${issue.keys.join(', ')}" on param "${name}".`;
  return issue?.message.includes('received undefined') === true
    ? `The parameter ${name} is required.`
    : `Param ${name}: ${issue?.message ?? 'is not valid'}`;
}
