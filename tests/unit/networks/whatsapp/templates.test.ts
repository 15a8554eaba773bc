/** A template goes out only when Meta would take it, and people see beforehand what the citizen will read. */
import { expect, test } from '@jest/globals';
import {
  allTemplates,
  filled,
  sketchOf,
  type Template,
  templateMembers,
} from '../../../../src/networks/whatsapp/templates.ts';

const reminder = {
  name: 'reminder',
  language: 'de',
  status: 'APPROVED',
  category: 'UTILITY',
  components: [
    { type: 'HEADER', format: 'TEXT', text: 'Termin {{1}}' },
    { type: 'BODY', text: 'Am {{1}} um {{2}} Uhr. Noch einmal: {{1}}.' },
    { type: 'FOOTER', text: 'Stadt' },
    {
      type: 'BUTTONS',
      buttons: [
        { type: 'QUICK_REPLY', text: 'Ja' },
        { type: 'URL', text: 'Absagen', url: 'https://a.example/{{1}}' },
      ],
    },
  ],
};
const named = {
  name: 'named',
  language: 'en',
  status: 'APPROVED',
  components: [{ type: 'body', text: 'Hello {{first_name}}' }],
};

async function read(...templates: object[]): Promise<Template[]> {
  const found = await allTemplates({ ask: async () => ({ outcome: 'done', json: { data: templates } }) });
  if ('problem' in found) throw new Error(found.problem);
  return found;
}

const fill = async (parameters: string[], more: object = {}, language = ''): Promise<string> => {
  const found = filled(await read({ ...reminder, ...more }, named), { name: 'reminder', language, parameters });
  return 'refusal' in found ? `refused: ${found.refusal}` : found.text;
};

test('what the citizen reads has the parameters in their places: heading, body, then links', async () => {
  expect(await fill(['7', 'Montag', '10', 'x9'])).toBe(
    'Termin 7\nAm Montag um 10 Uhr. Noch einmal: Montag.\nStadt\n[Ja]\n[Absagen] https://a.example/x9',
  );
});

test('a send carries each parameter where Meta expects it', async () => {
  const [template] = await read(reminder);
  if (template === undefined) throw new Error('it was not read');
  expect(templateMembers(template, ['7', 'Montag', '10', 'x9'])).toEqual({
    type: 'template',
    template: {
      name: 'reminder',
      language: { code: 'de' },
      components: [
        { type: 'header', parameters: [{ type: 'text', text: '7' }] },
        {
          type: 'body',
          parameters: [
            { type: 'text', text: 'Montag' },
            { type: 'text', text: '10' },
          ],
        },
        { type: 'button', sub_type: 'url', index: '1', parameters: [{ type: 'text', text: 'x9' }] },
      ],
    },
  });
  const [other] = await read(named);
  expect(other && templateMembers(other, ['Ada'])).toMatchObject({
    template: {
      components: [{ type: 'body', parameters: [{ type: 'text', parameter_name: 'first_name', text: 'Ada' }] }],
    },
  });
});

test.each<[string, string[], object, string]>([
  [
    'too few parameters',
    ['7'],
    {},
    'takes 4 parameters: {{1}} of the heading, {{1}}, {{2}}, {{1}} of the link, and 1 were',
  ],
  ['an empty parameter', ['7', ' ', '10', 'x'], {}, 'The parameter {{1}} is empty'],
  ['a line break', ['7', 'a\nb', '10', 'x'], {}, 'has a line break'],
  ['five spaces', ['7', 'a     b', '10', 'x'], {}, 'five spaces'],
  ['a parameter without end', ['7', 'x'.repeat(2_000), '10', 'x'], {}, 'longer than 1024'],
  ['one that is paused', ['7', 'a', '10', 'x'], { status: 'PAUSED' }, 'its state is paused'],
  ['a picture in the heading', [], { components: [{ type: 'HEADER', format: 'IMAGE' }] }, 'its heading is a image'],
  ['a part of a new kind', [], { components: [{ type: 'CAROUSEL' }] }, 'a part that is not offered (carousel)'],
  ['another name', [], { name: 'other' }, 'There is no template “reminder”'],
])('%s is refused with what is wrong', async (_what, parameters, more, words) => {
  const text = await fill(parameters, more);
  expect(text).toMatch(/^refused: /);
  expect(text).toContain(words);
});

test('a language that is not there is named with those that are, and one of several has to be named', async () => {
  expect(await fill([], {}, 'fr')).toContain('not there in the language fr, but in: de');
  const both = await read(reminder, { ...reminder, language: 'en' });
  expect(filled(both, { name: 'reminder', language: '', parameters: [] })).toEqual({
    refusal: '“reminder” is there in several languages; name one: de, en.',
  });
});

test('pages are followed to their end, and what cannot be read is left out', async () => {
  const asked: string[] = [];
  const found = await allTemplates({
    ask: async (path) => {
      asked.push(path);
      const data = asked.length === 1 ? Array.from({ length: 100 }, () => reminder) : [named, { name: 7 }, null];
      return { outcome: 'done', json: { data, paging: { cursors: { after: 'next page' } } } };
    },
  });
  expect(found).toHaveLength(101);
  expect(asked[1]).toContain('after=next%20page');
  const endless = await allTemplates({
    ask: async () => ({
      outcome: 'done',
      json: { data: Array.from({ length: 100 }, () => named), paging: { cursors: { after: 'x' } } },
    }),
  });
  expect(endless).toHaveLength(2_000);
});

test('a sketch shows the open slots', async () => {
  const [template] = await read(named);
  expect(template && sketchOf(template)).toEqual({
    name: 'named',
    language: 'en',
    status: 'approved',
    category: '',
    text: 'Hello {{first_name}}',
    parameters: 1,
  });
});
