/**
 * Contacts that people hand on, both ways: WhatsApp's own objects (Meta: "Contacts messages") and vCards (RFC 6350),
 * which every address book on the Matrix side reads and writes.
 */
import ICAL from 'ical.js';
import type { MediaContent, RemoteFile } from '../../model/content.ts';
import type { WhatsAppMessage } from './envelope.ts';
import { fitting, listOf, member, textAt } from './notices.ts';

/** A file that did not come as one: its text stands in the reference, behind this. */
const inlineMark = 'vcard:';
/** WhatsApp takes no more at once. */
const maxCards = 257;
const maxOfAKind = 50;
const maxField = 500;
const maxFileName = 60;
/** Bytes of a file that is looked at as contacts; an address book is sent as a document. */
export const maxCardBytes = 100 * 1024;

/** As a file with the useful part in words; undefined for a message of another type, or without a name in it. */
export function contactsFile(message: WhatsAppMessage): MediaContent<RemoteFile> | undefined {
  if (message.type !== 'contacts') return undefined;
  const contacts = listOf(message['contacts']).slice(0, maxCards);
  const names = contacts.map(nameOf).filter((name) => name !== '');
  const [first] = names;
  if (first === undefined) return undefined;
  const text = contacts.map(asCard).join('\r\n');
  return {
    type: 'media',
    kind: 'document',
    file: { reference: `${inlineMark}${text}` },
    mimeType: 'text/vcard',
    fileName: `${names.length === 1 ? fileNameOf(first) : 'Contacts'}.vcf`,
    caption: { text: fitting(contacts.map(contactWords).join('\n')), ranges: [] },
  };
}

/** The bytes of a file that came inline; undefined when it lies with WhatsApp. */
export const inlineFile = (reference: string): Buffer | undefined =>
  reference.startsWith(inlineMark) ? Buffer.from(reference.slice(inlineMark.length)) : undefined;

export function contactWords(contact: unknown): string {
  const phones = listOf(member(contact, 'phones')).map((phone) => textAt(phone, 'phone') || textAt(phone, 'wa_id'));
  const emails = listOf(member(contact, 'emails')).map((email) => textAt(email, 'email'));
  const details = [
    nameOf(contact) || 'without a name',
    textAt(member(contact, 'org'), 'company'),
    ...phones,
    ...emails,
  ];
  return `Contact: ${details.filter((words) => words !== '').join(', ')}`;
}

/** `type/subtype` in lower case, without parameters. */
export const isCardType = (mimeType: string): boolean => /^text\/(?:x-)?vcard$/.test(mimeType);

/** WhatsApp's objects for what a file says; undefined when it is no vCard that can be read whole. */
export function contactsIn(text: string): readonly object[] | undefined {
  // vCard 2.1 in the encoding of its day: better whole as a document than wrong.
  if (/QUOTED-PRINTABLE/i.test(text)) return undefined;
  try {
    const parsed: unknown = ICAL.parse(text);
    const cards = Array.isArray(parsed) && typeof parsed[0] === 'string' ? [parsed] : parsed;
    if (!Array.isArray(cards) || cards.length === 0 || cards.length > maxCards) return undefined;
    const contacts = cards.map((card) => asContact(new ICAL.Component(card as never)));
    return contacts.every((contact) => contact !== undefined) ? contacts : undefined;
  } catch {
    return undefined;
  }
}

function asCard(contact: unknown): string {
  const card = new ICAL.Component('vcard');
  const add = (name: string, value: string | string[], parameters: Readonly<Record<string, string>> = {}): void => {
    if (value.length === 0 || (Array.isArray(value) && value.every((each) => each === ''))) return;
    const property = new ICAL.Property(name, card);
    property.setValue(value);
    for (const [key, parameter] of Object.entries(parameters))
      if (parameter !== '') property.setParameter(key, parameter);
    card.addProperty(property);
  };
  const name = member(contact, 'name');
  const of = (holder: unknown, ...keys: string[]): string[] => keys.map((key) => field(holder, key));
  add('version', '4.0');
  add('fn', nameOf(contact) || 'without a name');
  add('n', of(name, 'last_name', 'first_name', 'middle_name', 'prefix', 'suffix'));
  const org = member(contact, 'org');
  add(
    'org',
    of(org, 'company', 'department').filter((words) => words !== ''),
  );
  add('title', field(org, 'title'));
  for (const phone of listOf(member(contact, 'phones')).slice(0, maxOfAKind)) {
    const waid = field(phone, 'wa_id').replaceAll(/\D/g, '');
    add('tel', field(phone, 'phone') || waid, { type: kindOf(phone), waid });
  }
  for (const email of listOf(member(contact, 'emails')).slice(0, maxOfAKind))
    add('email', field(email, 'email'), { type: kindOf(email) });
  for (const address of listOf(member(contact, 'addresses')).slice(0, maxOfAKind))
    add('adr', ['', '', ...of(address, 'street', 'city', 'state', 'zip', 'country')], { type: kindOf(address) });
  for (const url of listOf(member(contact, 'urls')).slice(0, maxOfAKind)) add('url', field(url, 'url'));
  add('bday', /^\d{4}-\d{2}-\d{2}$/.exec(field(contact, 'birthday'))?.[0] ?? '');
  return card.toString();
}

/** Meta: a formatted name and at least one other part of the name. */
function asContact(card: ICAL.Component): object | undefined {
  const parts = fieldsOf(card.getFirstProperty('n'));
  const [last = '', first = '', middle = '', prefix = '', suffix = ''] = parts;
  const formatted = fieldsOf(card.getFirstProperty('fn'))[0] || [first, last].filter(Boolean).join(' ');
  if (card.name !== 'vcard' || formatted === '') return undefined;
  const [company = '', department = ''] = fieldsOf(card.getFirstProperty('org'));
  const [title = ''] = fieldsOf(card.getFirstProperty('title'));
  const [birthday = ''] = fieldsOf(card.getFirstProperty('bday'));
  const each = (name: string, read: (property: ICAL.Property, value: string, parts: string[]) => object): object[] =>
    card.getAllProperties(name).flatMap((property) => {
      const values = fieldsOf(property);
      return values.every((value) => value === '') ? [] : [read(property, values[0] ?? '', values)];
    });
  const lists = {
    phones: each('tel', (property, value) => {
      const phone = value.replace(/^tel:/i, '');
      return filled({ phone, type: typeOf(property), wa_id: parameterOf(property, 'waid').replaceAll(/\D/g, '') });
    }),
    emails: each('email', (property, email) => filled({ email, type: typeOf(property) })),
    urls: each('url', (property, url) => filled({ url, type: typeOf(property) })),
    addresses: each('adr', (property, _value, [, , street = '', city = '', state = '', zip = '', country = '']) =>
      filled({ street, city, state, zip, country, type: typeOf(property) }),
    ),
  };
  return {
    name: filled({
      formatted_name: formatted,
      first_name: first || (last === '' ? formatted : ''),
      last_name: last,
      middle_name: middle,
      prefix,
      suffix,
    }),
    ...(company === '' && department === '' && title === '' ? {} : { org: filled({ company, department, title }) }),
    ...(/^\d{4}-\d{2}-\d{2}$/.test(birthday) ? { birthday } : {}),
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
  };
}

const filled = (members: Readonly<Record<string, string>>): object =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== ''));

/** The parts of a structured value, or the one value, as bounded texts. */
function fieldsOf(property: ICAL.Property | null): string[] {
  const value: unknown = property?.getFirstValue() ?? '';
  const values: unknown[] = Array.isArray(value) ? value.flat() : [value];
  return values.map((each) => String(each).trim().slice(0, maxField).toWellFormed());
}

const parameterOf = (property: ICAL.Property, name: string): string => {
  const value: unknown = property.getParameter(name);
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first : '';
};
const typeOf = (property: ICAL.Property): string => parameterOf(property, 'type').toUpperCase().slice(0, maxField);
const kindOf = (holder: unknown): string =>
  textAt(holder, 'type')
    .replaceAll(/[^A-Za-z0-9-]/g, '')
    .slice(0, maxField);
const field = (holder: unknown, key: string): string =>
  textAt(holder, key).replaceAll('\0', '').slice(0, maxField).toWellFormed();

function nameOf(contact: unknown): string {
  const name = member(contact, 'name');
  return (
    field(name, 'formatted_name') || [field(name, 'first_name'), field(name, 'last_name')].filter(Boolean).join(' ')
  );
}

const fileNameOf = (name: string): string =>
  name
    .replaceAll(/[^\p{L}\p{N} .'-]/gu, '')
    .trim()
    .slice(0, maxFileName)
    .toWellFormed() || 'Contact';
