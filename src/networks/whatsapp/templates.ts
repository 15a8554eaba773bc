/**
 * Templates: messages that Meta has approved, which alone may be sent outside the window (Meta: "Message templates", "Send
 * message templates"). They are asked for at Meta and not kept: only Meta knows which are approved now.
 */
import { z } from 'zod';
import type { TemplateContent } from '../../model/content.ts';
import type { TemplateSketch } from '../contract.ts';
import type { GraphResult } from './graph.ts';

const loose = z.string().max(4_096);
const button = z.looseObject({ type: loose, text: loose.optional(), url: loose.optional() });
const component = z.looseObject({
  type: loose.transform((type) => type.toUpperCase()),
  format: loose.optional(),
  text: loose.optional(),
  buttons: z.array(button).max(20).optional(),
});
const templateShape = z.looseObject({
  name: loose,
  language: loose,
  status: loose.transform((status) => status.toUpperCase()),
  category: loose.optional(),
  components: z.array(component).max(20).default([]),
});
const pageShape = z.looseObject({
  data: z.array(z.unknown()),
  paging: z.looseObject({ cursors: z.looseObject({ after: z.string().max(1_024).optional() }).optional() }).optional(),
});

export type Template = z.output<typeof templateShape>;

const pageSize = 100;
const maxPages = 20;
/** Meta: "Param text cannot have new-line/tab characters or more than 4 consecutive spaces". */
const forbiddenInParameter = /[\n\r\t]| {5}/;
const maxParameter = 1_024;

export interface TemplatePages {
  /** Asks for a path of the business account, such as `/message_templates?limit=100`. */
  readonly ask: (path: string) => Promise<GraphResult>;
}

/** All of them, or why they could not be asked for. What cannot be read is left out. */
export async function allTemplates({ ask }: TemplatePages): Promise<Template[] | { readonly problem: string }> {
  const found: Template[] = [];
  let after = '';
  for (let page = 0; page < maxPages; page += 1) {
    const query = `fields=name,language,status,category,components&limit=${pageSize}${after}`;
    const result = await ask(`/message_templates?${query}`);
    if (result.outcome !== 'done') return { problem: result.words };
    const { data } = pageShape.safeParse(result.json);
    if (data === undefined) return { problem: 'WhatsApp answered something unexpected.' };
    for (const item of data.data) {
      const template = templateShape.safeParse(item).data;
      if (template !== undefined) found.push(template);
    }
    const cursor = data.paging?.cursors?.after;
    if (cursor === undefined || data.data.length < pageSize) break;
    after = `&after=${encodeURIComponent(cursor)}`;
  }
  return found;
}

/** What people are shown of it. */
export const sketchOf = (template: Template): TemplateSketch => ({
  name: template.name,
  language: template.language,
  status: template.status.toLowerCase(),
  category: template.category?.toLowerCase() ?? '',
  text: textWith(template, []),
  parameters: slotsOf(template).length,
});

/** The text as the citizen reads it, or why this cannot be sent; both for the person who asked. */
export function filled(
  templates: readonly Template[],
  { name, language, parameters }: Pick<TemplateContent, 'name' | 'language' | 'parameters'>,
): { readonly template: Template; readonly text: string } | { readonly refusal: string } {
  const named = templates.filter((template) => template.name === name);
  if (named.length === 0)
    return { refusal: `There is no template “${name}”. \`template list\` shows those there are.` };
  const spoken = named.filter((template) => language === '' || template.language === language);
  const languages = named.map((template) => template.language).join(', ');
  const [template] = spoken;
  if (template === undefined)
    return { refusal: `“${name}” is not there in the language ${language}, but in: ${languages}.` };
  if (spoken.length > 1) return { refusal: `“${name}” is there in several languages; name one: ${languages}.` };
  if (template.status !== 'APPROVED')
    return { refusal: `“${name}” cannot be sent now: at Meta its state is ${template.status.toLowerCase()}.` };
  const obstacle = obstacleIn(template);
  if (obstacle !== undefined) return { refusal: `“${name}” cannot be sent from here: ${obstacle}.` };
  const slots = slotsOf(template);
  if (slots.length !== parameters.length) {
    const wanted =
      slots.length === 0
        ? 'takes no parameters'
        : `takes ${slots.length} parameters: ${slots.map(({ label }) => label).join(', ')}`;
    return { refusal: `“${name}” ${wanted}, and ${parameters.length} were given. It says: ${textWith(template, [])}` };
  }
  for (const [place, parameter] of parameters.entries()) {
    const label = slots[place]?.label ?? '';
    if (parameter.trim() === '') return { refusal: `The parameter ${label} is empty, and Meta takes no empty one.` };
    if (forbiddenInParameter.test(parameter))
      return {
        refusal: `The parameter ${label} has a line break, a tab or five spaces in it, which Meta does not take.`,
      };
    if (parameter.length > maxParameter)
      return { refusal: `The parameter ${label} is longer than ${maxParameter} letters.` };
  }
  return { template, text: textWith(template, parameters) };
}

/** The members of a send. */
export function templateMembers(template: Template, parameters: readonly string[]): object {
  const slots = slotsOf(template);
  const valuesFor = (where: string): object[] =>
    slots.flatMap((slot, place) =>
      slot.where === where ? [{ ...slot.named, type: 'text', text: parameters[place] }] : [],
    );
  const parts = [...new Set(slots.map(({ where }) => where))].map((where) => {
    if (where === 'header' || where === 'body') return { type: where, parameters: valuesFor(where) };
    return { type: 'button', sub_type: 'url', index: where, parameters: valuesFor(where) };
  });
  return {
    type: 'template',
    template: {
      name: template.name,
      language: { code: template.language },
      ...(parts.length === 0 ? {} : { components: parts }),
    },
  };
}

interface Slot {
  /** `header`, `body`, or the place of a button. */
  readonly where: string;
  readonly label: string;
  /** Templates with named parameters want the name back. */
  readonly named: { readonly parameter_name?: string };
}

const slot = /\{\{\s*([A-Za-z0-9_]{1,100})\s*\}\}/g;

/** In the order in which people give them: header, body, then buttons. */
function slotsOf({ components }: Template): Slot[] {
  const of = (type: string): Template['components'] => components.filter((each) => each.type === type);
  const within = (where: string, text = ''): Slot[] =>
    [...new Set([...text.matchAll(slot)].map(([, key = '']) => key))].map((key) => ({
      where,
      label: `{{${key}}}${where === 'body' ? '' : where === 'header' ? ' of the heading' : ' of the link'}`,
      named: /^\d+$/.test(key) ? {} : { parameter_name: key },
    }));
  return [
    ...of('HEADER').flatMap(({ text }) => within('header', text)),
    ...of('BODY').flatMap(({ text }) => within('body', text)),
    ...of('BUTTONS').flatMap(({ buttons = [] }) => buttons.flatMap(({ url }, index) => within(String(index), url))),
  ];
}

function obstacleIn({ components }: Template): string | undefined {
  const header = components.find(({ type }) => type === 'HEADER');
  if (header?.format !== undefined && header.format.toUpperCase() !== 'TEXT')
    return `its heading is a ${header.format.toLowerCase()}, which is not offered`;
  const known = new Set(['HEADER', 'BODY', 'FOOTER', 'BUTTONS']);
  const other = components.find(({ type }) => !known.has(type));
  return other === undefined ? undefined : `it has a part that is not offered (${other.type.toLowerCase()})`;
}

/** With its slots left open where there is no parameter. */
function textWith(template: Template, parameters: readonly string[]): string {
  const slots = slotsOf(template);
  const insert = (where: string, text = ''): string =>
    text.replaceAll(slot, (open, key: string) => {
      const place = slots.findIndex((each) => each.where === where && each.label.startsWith(`{{${key}}}`));
      return parameters[place] ?? open;
    });
  return template.components
    .flatMap(({ type, text, buttons = [] }) => {
      if (type === 'HEADER') return [insert('header', text)];
      if (type === 'BODY') return [insert('body', text)];
      if (type === 'BUTTONS')
        return buttons.map(({ text: label = '', url }, index) =>
          url === undefined ? `[${label}]` : `[${label}] ${insert(String(index), url)}`,
        );
      return [text ?? ''];
    })
    .filter((line) => line !== '')
    .join('\n');
}
