/** Contacts that people hand on keep what they say, as WhatsApp's objects and as vCards. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contactsFile, contactsIn, inlineFile } from '../../../../src/networks/whatsapp/contact-cards.ts';
import { messageShape } from '../../../../src/networks/whatsapp/envelope.ts';
import { message } from './payloads.ts';

const fileOf = (...contacts: unknown[]) => contactsFile(messageShape.parse(message('contacts', { contacts })));
const cardOf = (...contacts: unknown[]): string =>
  String(inlineFile(fileOf(...contacts)?.file.reference ?? '')?.toString('utf8'));

const lucia = {
  name: { formatted_name: 'Lucía "Lu" Gómez; Ruiz', first_name: 'Lucía', last_name: 'Gómez, Ruiz' },
  org: { company: 'City', department: 'Roads', title: 'Engineer' },
  birthday: '1980-02-29',
  phones: [{ phone: '+1 (983) 555-2319', wa_id: '19835552319', type: 'MOBILE' }],
  emails: [{ email: 'lucia@city.example', type: 'WORK' }],
  urls: [{ url: 'https://city.example/a;b,c', type: 'WORK' }],
  addresses: [{ street: '1 High St', city: 'Leeds', state: 'W', zip: 'LS1', country: 'UK', type: 'HOME' }],
};

test('what a contact says survives the way into a vCard and back', () => {
  const [back] = contactsIn(cardOf(lucia)) ?? [];
  expect(back).toEqual({ ...lucia, urls: [{ url: 'https://city.example/a;b,c' }] });
});

test('several contacts are one file, named by its only name or as what they are', () => {
  expect(fileOf(lucia)?.fileName).toBe('Lucía Lu Gómez Ruiz.vcf');
  const both = fileOf(lucia, { name: { formatted_name: '../../etc/passwd' } });
  expect(both).toMatchObject({ fileName: 'Contacts.vcf', mimeType: 'text/vcard', kind: 'document' });
  expect(contactsIn(cardOf(lucia, { name: { formatted_name: 'Ann' } }))).toHaveLength(2);
  expect(fileOf({ name: { formatted_name: '../../etc/passwd' } })?.fileName).toBe('....etcpasswd.vcf');
});

test.each<[string, string]>([
  ['no vCard', 'hello'],
  ['nothing', ''],
  ['a calendar', 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR'],
  ['a vCard without a name', 'BEGIN:VCARD\r\nVERSION:4.0\r\nTEL:1\r\nEND:VCARD'],
  ['an open vCard', 'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann'],
  [
    'a vCard in the encoding of its day',
    'BEGIN:VCARD\r\nVERSION:2.1\r\nFN;ENCODING=QUOTED-PRINTABLE:L=C3\r\nEND:VCARD',
  ],
])('%s goes as a document, as it is', (_what, text) => {
  expect(contactsIn(text)).toBeUndefined();
});

test('a name alone is enough for WhatsApp, which wants two of its parts', () => {
  expect(contactsIn('BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nEND:VCARD')).toEqual([
    { name: { formatted_name: 'Ann', first_name: 'Ann' } },
  ]);
});

test('no text, however wild, throws, and no field of a contact can begin another', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, phone) => {
      contactsIn(name);
      const contact = { name: { formatted_name: `x${name}` }, phones: [{ phone: `1${phone}` }] };
      const card = cardOf(contact).split(/\r?\n/);
      expect(card.filter((line) => /^TEL/i.test(line))).toHaveLength(1);
      expect(card.filter((line) => /^END/i.test(line))).toHaveLength(1);
    }),
  );
});
