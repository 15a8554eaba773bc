/** A part of a page that is made from the code; the rest of the page is written by people. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ChanceryError } from '../base/errors.ts';

const root = resolve(import.meta.dirname, '..', '..');

/** The page with these sections, each between its own marks: `<!-- NAME -->` and `<!-- /NAME -->`. */
export function pageWith(path: string, sections: Readonly<Record<string, string>>): string {
  let page = readFileSync(resolve(root, path), 'utf8');
  for (const [name, content] of Object.entries(sections)) {
    const [begin, end] = [`<!-- ${name} -->\n\n`, `\n\n<!-- /${name} -->`];
    const [from, to] = [page.indexOf(begin), page.indexOf(end)];
    if (from === -1 || to < from)
      throw new ChanceryError('CH-CONFIG-INVALID', { place: path, detail: `It has no marks for ${name}.` });
    page = `${page.slice(0, from)}${begin}${content}${page.slice(to)}`;
  }
  return page;
}
