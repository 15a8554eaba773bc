/** What Meta published as webhooks is what the bridge takes, and what a Matrix user then sees is said here. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ConnectedNumber } from './connected-number.ts';
import { messages, textMessage } from './payloads.ts';
import { lineOf } from './seen-in-room.ts';

const path = fileURLToPath(new URL('../../../../../shared/fixtures/whatsapp-cloud/webhooks.json', import.meta.url));
const present = existsSync(path);
if (!present)
  console.warn('The published examples (../shared/fixtures beside the repository) are absent: tests skipped');
const promised = present ? test : test.skip;

/** The name of each example, and what a Matrix user sees of it. */
const shown: Readonly<Record<string, readonly string[]>> = {
  'Text Message': ['Sheena Nelson: text "Does it come in another color?"'],
  'Text Message with Context (Product Inquiry)': [
    'Sheena Nelson: text "Is this still available?\n(about the product di9ozbzfi4)"',
  ],
  'Reaction Message': ['Sheena Nelson: reaction 👍'],
  'Image Message': ['Sheena Nelson: image image.jpeg "Taj Mahal"'],
  'Contact Sharing Message': ['Sheena Nelson: file Lucía Gómez.vcf "Contact: Lucía Gómez, Google, +1 (983) 555-2319"'],
  'Unsupported Message': [
    'Sheena Nelson: notice "Sent something that WhatsApp does not pass on to businesses. Message type unknown: Message type is currently not supported."',
  ],
  'Interactive List Reply Message': ['Sheena Nelson: text in reply "Priority Mail Express (Next Day to 2 Days)"'],
  'Interactive Button Reply Message': ['Sheena Nelson: text in reply "Cancel"'],
  'System Message': ['Sheena Nelson: notice "User Sheena Nelson changed from 16505551234 to 12195555358"'],
  'Group Create Message': [
    'the chat is called your-group-subject',
    'in: Sheena Nelson, in: +16505551235',
    'WhatsApp: notice "This group was made. Joined: Sheena Nelson, +16505551235."',
  ],
  'Group Remove Participants': [
    'out: Sheena Nelson, out: +16505551235',
    'WhatsApp: notice "Removed: Sheena Nelson, +16505551235."',
  ],
};

interface Example {
  readonly value: unknown;
}
const examples = present ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, Example>) : {};
const names = present ? Object.keys(examples) : ['of every kind'];

let number: ConnectedNumber;
beforeAll(async () => {
  number = await ConnectedNumber.open();
});
afterAll(() => number.close());

promised.each(names)('the published webhook "%s" is taken, and a Matrix user sees what is said here', async (name) => {
  expect(shown).toHaveProperty([name]);
  expect(await number.deliver(examples[name]?.value)).toEqual({ status: 200, code: undefined });
  expect((await number.arrived()).map(lineOf)).toEqual(shown[name]);
  expect(await number.quarantined()).toEqual([]);
});

promised('each published webhook that arrives a second time is shown once', async () => {
  const before = await number.rows();
  for (const { value } of Object.values(examples)) expect((await number.deliver(value)).status).toBe(200);
  expect(await number.rows()).toBe(before);
});

promised('what is said here is said of published webhooks only', () => {
  expect(Object.keys(shown).filter((name) => !(name in examples))).toEqual([]);
});

test('words of every script arrive as they were written, though all of them are escaped on the way', async () => {
  const words = 'Grüße, Łódź, 你好, नमस्ते, שלום, 👩‍👩‍👧 a/b <ok> & \u2028';
  expect((await number.deliver(messages(textMessage(words)))).status).toBe(200);
  expect((await number.arrived()).map(lineOf)).toEqual([`Sheena Nelson: text "${words}"`]);
});
