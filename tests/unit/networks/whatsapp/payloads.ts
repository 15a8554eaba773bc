/** Bodies of webhooks, in the shape that Meta documents. */
import { ada, phoneNumberId } from './open-session.ts';

export interface ValueParts {
  readonly number?: string;
  readonly field?: string;
}

export const envelope = (...changes: readonly unknown[]): object => ({
  object: 'whatsapp_business_account',
  entry: [{ id: '419561257915477', changes }],
});

export const change = (value: object, { number = phoneNumberId, field = 'messages' }: ValueParts = {}): object => ({
  field,
  value: {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '15550783881', phone_number_id: number },
    ...value,
  },
});

export const sheena = { profile: { name: 'Sheena Nelson' }, wa_id: ada };

let counter = 0;
/** A message of Sheena Nelson; each has an id of its own unless one is given. */
export const message = (type: string, more: object = {}): object => {
  counter += 1;
  return { from: ada, id: `wamid.${counter}`, timestamp: '1749416383', type, ...more };
};

export const textMessage = (body: unknown, more: object = {}): object => message('text', { text: { body }, ...more });

export const messages = (...list: readonly unknown[]): object =>
  envelope(change({ contacts: [sheena], messages: list }));

export const status = (name: string, more: object = {}): object => ({
  id: 'wamid.ours',
  status: name,
  timestamp: '1749416400',
  recipient_id: ada,
  ...more,
});
