/** What has to be said after a link's text so that a reader without links loses nothing. */

const shownSchemes = /^(?:https?|mailto|tel):/i;
/** Links to people and rooms: their text is the name. */
const mention = /^https:\/\/matrix\.to\//i;

/** ` (address)`; the address alone where there is no text; nothing where the text is the address, or none is meant. */
export function linkSuffix(href: string, text: string): string {
  if (!shownSchemes.test(href) || mention.test(href)) return '';
  if (text.trim() === '') return href;
  return bare(text) === bare(href) ? '' : ` (${href})`;
}

const bare = (address: string): string =>
  address
    .trim()
    .replace(/^(?:https?:\/\/|mailto:|tel:)/i, '')
    .replace(/\/$/, '');
