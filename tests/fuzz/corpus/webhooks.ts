/** Webhooks of every kind, in the simulator's shapes: what the mutations start from. */
import { webhookBody } from '../../peers/whatsapp-cloud/batch.ts';
import type { ChatMessage } from '../../peers/whatsapp-cloud/chats.ts';
import { type Citizen, Citizens } from '../../peers/whatsapp-cloud/citizens.ts';
import type { AccountConfig } from '../../peers/whatsapp-cloud/options.ts';
import {
  laneOf,
  messageValue,
  numberChangeValue,
  statusValue,
  type WebhookEvent,
} from '../../peers/whatsapp-cloud/webhook-shapes.ts';
import type { Dice } from '../dice.ts';

export const accountConfig: AccountConfig = {
  phoneNumberId: '106540352242922',
  wabaId: '419561257915477',
  displayPhoneNumber: '15550783881',
  verifiedName: 'City Hall',
  accessToken: 'EAAG',
  appSecret: 'c0ffee00c0ffee00c0ffee00c0ffee00',
};
const foreignConfig: AccountConfig = { ...accountConfig, phoneNumberId: '999', wabaId: '998' };

const citizens = new Citizens();
const people = [
  citizens.put({ phone: '16505551234', name: 'Sheena Nelson' }),
  citizens.put({ phone: '16505551235', userId: 'US.13491208655302741918', name: 'Ana', username: 'ana.p' }),
  citizens.put({ userId: 'DE.4491208655302741918', name: 'شيماء' }),
] as const;

const file = {
  id: '1003383421387256',
  mime_type: 'image/jpeg',
  sha256: 'SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=',
};
/** Every type that a citizen's message can have, with the content of that type. */
const contents: readonly (readonly [string, unknown])[] = [
  ['text', { body: 'Does *it* come in _another_ colour? https://agency.example/~a_b ```x``` > no' }],
  ['text', { body: '> quoted\n> *bold\nacross* lines\n```\ncode\n```' }],
  ['image', { ...file, caption: 'Taj *Mahal*' }],
  ['video', { ...file, mime_type: 'video/mp4' }],
  ['audio', { ...file, mime_type: 'audio/ogg; codecs=opus', voice: true }],
  ['document', { ...file, mime_type: 'application/pdf', filename: 'claim.pdf', caption: 'here' }],
  ['sticker', { ...file, mime_type: 'image/webp', animated: false }],
  ['reaction', { message_id: 'wamid.before', emoji: '👍' }],
  ['reaction', { message_id: 'wamid.before' }],
  ['location', { latitude: 37.44, longitude: -122.16, name: 'Philz Coffee', address: '101 Forest Ave' }],
  [
    'contacts',
    [
      {
        name: { formatted_name: 'Lucía Gómez', first_name: 'Lucía' },
        org: { company: 'Google' },
        phones: [{ phone: '+1 (983) 555-2319', wa_id: '19835552319', type: 'MOBILE' }],
        emails: [{ email: 'l@agency.example', type: 'WORK' }],
      },
    ],
  ],
  ['interactive', { type: 'list_reply', list_reply: { id: 'a', title: 'Priority', description: 'Next day' } }],
  ['interactive', { type: 'button_reply', button_reply: { id: 'b', title: 'Cancel' } }],
  ['interactive', { type: 'nfm_reply', nfm_reply: { response_json: '{"a":1}', body: 'Sent', name: 'flow' } }],
  ['button', { payload: 'x', text: 'Yes' }],
  [
    'order',
    {
      catalog_id: '1',
      text: 'please',
      product_items: [{ product_retailer_id: 'di9', quantity: 2, item_price: 30, currency: 'USD' }],
    },
  ],
  ['unsupported', undefined],
  ['request_welcome', undefined],
];

const failure = { httpStatus: 400, code: 131047, title: 'Re-engagement message', details: 'More than 24 hours' };

function message(id: string, citizen: Citizen, type: string, content: unknown, from: ChatMessage['from']): ChatMessage {
  return {
    id,
    account: accountConfig,
    citizen,
    from,
    type,
    content,
    at: 1_749_416_383_000,
    replyTo: undefined,
    media: undefined,
    callbackData: from === 'business' ? 'chancery:key' : undefined,
    visible: true,
    status: 'accepted',
    readByBusiness: false,
    reactions: {},
  };
}

/** `id` names what it speaks of, so that no two bodies of a run are about the same. */
function event(dice: Dice, id: string): WebhookEvent {
  const citizen = dice.pick(people);
  const at = '1749416383';
  const of = (value: unknown, field = 'messages'): WebhookEvent => ({
    account: accountConfig,
    field,
    value,
    about: [id],
    lane: laneOf(accountConfig, citizen),
  });
  const kind = dice.below(contents.length + 6);
  const [type, content] = contents[kind] ?? ['text', { body: 'x' }];
  if (kind < contents.length) {
    const replyTo = dice.chance(20) ? message('wamid.before', citizen, 'text', {}, 'business') : undefined;
    const context = { replyTo, forwarded: dice.chance(10), frequentlyForwarded: dice.chance(5) };
    return of(messageValue(message(id, citizen, type, content, 'citizen'), context, at));
  }
  const ours = message(id, citizen, 'text', {}, 'business');
  switch (kind - contents.length) {
    case 0:
      return of(numberChangeValue(accountConfig, citizen, { id, at, from: citizen.phone, to: '12195555358' }));
    case 1:
      return of(statusValue(ours, dice.pick(['sent', 'delivered', 'read']), at));
    case 2:
      return of(statusValue(ours, 'failed', at, failure));
    case 3:
      return of(groupValue(id), 'group_lifecycle_update');
    case 4:
      return of({ ...metadata, errors: [{ code: 131031, title: 'Locked', error_data: { details: 'x' } }] });
    default:
      return {
        ...of(messageValue(message(id, citizen, 'text', { body: 'x' }, 'citizen'), plain, at)),
        account: foreignConfig,
      };
  }
}

const plain = { replyTo: undefined, forwarded: false, frequentlyForwarded: false };
const metadata = {
  messaging_product: 'whatsapp',
  metadata: { display_phone_number: accountConfig.displayPhoneNumber, phone_number_id: accountConfig.phoneNumberId },
};

/** As Meta publishes "group_lifecycle_update" and "group_participants_update". */
const groupValue = (id: string): object => ({
  ...metadata,
  groups: [
    {
      group_id: `group-${id}`,
      type: 'group_create',
      timestamp: '1749416383',
      subject: 'Bins',
      added_participants: [{ wa_id: '16505551234' }, { user_id: 'US.1' }],
      removed_participants: [{ wa_id: '16505551235' }],
    },
  ],
});

/** One body, of one event or several. */
export function webhook(dice: Dice, index: number): object {
  const count = dice.chance(25) ? 2 + dice.below(4) : 1;
  const events = Array.from({ length: count }, (_, number) => event(dice, `wamid.${index}.${number}`));
  return webhookBody(events, dice.pick(['messages', 'changes', 'entries']));
}
