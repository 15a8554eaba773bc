/**
 * What becomes of each kind of thing, both ways; the table of docs/networks/whatsapp.md is made from it. What an official
 * can send is read from the capabilities, so that the page cannot promise what the code refuses.
 */
import type { SupportLevel } from '../../model/capabilities.ts';
import type { MediaKind } from '../../model/content.ts';
import { capabilities } from './capabilities.ts';

export type Way =
  | { readonly level: 'full' }
  | { readonly level: 'partial'; readonly missing: string }
  /** `what`: with an article, as in the answer to who tries. */
  | { readonly level: 'refused'; readonly what: string }
  /** It does not exist in this direction. */
  | { readonly level: 'none' };

export interface Kind {
  readonly name: string;
  readonly fromCitizen: Way;
  readonly fromOfficial: Way;
}

const full: Way = { level: 'full' };
const none: Way = { level: 'none' };
const partial = (missing: string): Way => ({ level: 'partial', missing });
const refused = (what: string): Way => ({ level: 'refused', what });

const declared = (level: SupportLevel, { missing = '', what = '' }): Way => {
  if (level === 'full') return full;
  return level === 'partial' ? partial(missing) : refused(what);
};

const megabyte = 1024 * 1024;

/**
 * With its limits: what is over them is refused before a byte moves; what is of another type is made into one of these
 * where ffmpeg is there, and goes as a document else, which is said at the message.
 */
function media(kind: MediaKind, elsewise = 'a document'): Way {
  const limit = capabilities.media[kind];
  if (limit === undefined) return refused(`a file of this kind (${kind})`);
  const types = limit.mimeTypes === undefined ? 'any type' : limit.mimeTypes.join(', ');
  const made =
    limit.transcodesTo === undefined
      ? ''
      : ` become ${limit.transcodesTo.join(' or ')} where ffmpeg is there and can read them, else`;
  const other = limit.mimeTypes === undefined ? '' : `; other types${made} go as ${elsewise}, and the sender is told`;
  const caption = limit.caption || kind === 'sticker' ? '' : '; a caption goes as a text of its own';
  return partial(`${types}, up to ${limit.maxBytes / megabyte} MB${other}${caption}`);
}

export const kinds: readonly Kind[] = [
  {
    name: 'text, with bold, italic, strikethrough, code, quotes, mentions, links with their preview',
    fromCitizen: full,
    fromOfficial: partial(
      `over ${capabilities.maxTextLength.toLocaleString('en')} letters in several messages; lists and headings as words`,
    ),
  },
  { name: 'image', fromCitizen: full, fromOfficial: media('image') },
  { name: 'video', fromCitizen: full, fromOfficial: media('video') },
  { name: 'audio', fromCitizen: full, fromOfficial: media('audio') },
  {
    name: 'voice message',
    fromCitizen: full,
    fromOfficial: media('voice', 'audio or a document'),
  },
  { name: 'document', fromCitizen: full, fromOfficial: media('document') },
  { name: 'sticker, animated ones too', fromCitizen: full, fromOfficial: media('sticker') },
  {
    name: 'location',
    fromCitizen: full,
    fromOfficial: declared(capabilities.location, { what: 'a location' }),
  },
  { name: 'live location', fromCitizen: partial('WhatsApp does not pass it on'), fromOfficial: refused('a location') },
  {
    name: 'contact',
    fromCitizen: full,
    fromOfficial: partial('a file of the type text/vcard (3.0 or 4.0, up to 257 contacts); others go as a document'),
  },
  {
    name: 'poll',
    fromCitizen: partial('WhatsApp does not pass it on'),
    fromOfficial: declared(capabilities.poll, {
      missing: 'as three buttons or a list of ten, one answer at a time; longer ones as a numbered text',
      what: 'a poll',
    }),
  },
  {
    name: 'template',
    fromCitizen: none,
    fromOfficial: declared(capabilities.template, {
      missing: 'by the command `template send`; texts, links and quick replies, no pictures in the heading',
      what: 'a template',
    }),
  },
  { name: 'answer to a poll, a list or buttons', fromCitizen: full, fromOfficial: refused('a vote in a poll') },
  { name: 'form that was filled in', fromCitizen: partial('as words'), fromOfficial: none },
  { name: 'order', fromCitizen: partial('as words'), fromOfficial: none },
  { name: 'reply', fromCitizen: full, fromOfficial: declared(capabilities.reply, {}) },
  {
    name: 'reaction, and taking it back',
    fromCitizen: full,
    fromOfficial: partial(
      `the number has ${capabilities.reactionsPerMessage} at a message; a newer one takes its place`,
    ),
  },
  {
    name: 'forwarded, forwarded many times',
    fromCitizen: partial('said in the first line'),
    fromOfficial: partial('goes as an ordinary message'),
  },
  { name: 'from a product or an advertisement', fromCitizen: partial('said in the last line'), fromOfficial: none },
  { name: 'edit', fromCitizen: partial('a notice'), fromOfficial: declared(capabilities.edit, { what: 'an edit' }) },
  {
    name: 'deletion',
    fromCitizen: partial('a notice'),
    fromOfficial: declared(capabilities.deletion, { what: 'a deletion' }),
  },
  { name: 'read mark', fromCitizen: full, fromOfficial: declared(capabilities.readReceipt, {}) },
  { name: 'typing', fromCitizen: none, fromOfficial: declared(capabilities.typing, {}) },
  { name: 'first look into the chat', fromCitizen: partial('a notice'), fromOfficial: none },
  {
    name: 'changed number or user id',
    fromCitizen: partial('a notice; the chat goes on in the same room'),
    fromOfficial: none,
  },
  {
    name: 'group: messages',
    fromCitizen: full,
    fromOfficial: partial(
      'texts, files, templates; questions as a numbered text; locations, contacts, reactions and read marks are not taken there',
    ),
  },
  {
    name: 'group: its name, who comes and goes, who asks to join',
    fromCitizen: full,
    fromOfficial: partial('by the command `group`; people join by a link only, at most eight'),
  },
  { name: 'call', fromCitizen: none, fromOfficial: refused('a call') },
  {
    name: 'anything else, and what WhatsApp does not pass on',
    fromCitizen: partial('a notice that says so'),
    fromOfficial: none,
  },
];
