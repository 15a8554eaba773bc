/** Polls (MSC3381), in the stable form and in the one that clients still write. */
import type { PollContent } from '../model/content.ts';
import type { EventId } from '../model/ids.ts';
import { isJsonObject, type JsonObject, member, objectMember, stringMember } from './json-object.ts';

interface Dialect {
  readonly start: string;
  readonly response: string;
  /** Where the poll stands in the content. */
  readonly poll: string;
  readonly text: string;
  readonly answerId: string;
}

const dialects: readonly Dialect[] = [
  { start: 'm.poll.start', response: 'm.poll.response', poll: 'm.poll', text: 'm.text', answerId: 'm.id' },
  {
    start: 'org.matrix.msc3381.poll.start',
    response: 'org.matrix.msc3381.poll.response',
    poll: 'org.matrix.msc3381.poll.start',
    text: 'org.matrix.msc1767.text',
    answerId: 'id',
  },
];

/** MSC3381: clients take the first twenty answers. */
const maxAnswers = 20;
const maxLetters = 1_000;

export const isPollStart = (type: string): boolean => dialects.some(({ start }) => start === type);

/** Undefined where there is no question, or nothing to choose from. */
export function readPoll(type: string, content: JsonObject): PollContent | undefined {
  const dialect = dialects.find(({ start }) => start === type);
  if (dialect === undefined) return undefined;
  const poll = objectMember(content, dialect.poll);
  const question = wordsAt(objectMember(poll, 'question'), dialect);
  const answers = answersOf(poll).map((answer) => wordsAt(answer, dialect));
  if (question === '' || answers.length < 1 || answers.includes('')) return undefined;
  return { type: 'poll', question, answers };
}

/** The vote for an answer of the poll that began with this event; undefined where there is no such answer. */
export function pollResponse(
  { type, content }: { readonly type: string; readonly content: JsonObject },
  target: EventId,
  answer: number,
): { readonly type: string; readonly content: JsonObject } | undefined {
  const dialect = dialects.find(({ start }) => start === type);
  if (dialect === undefined) return undefined;
  const id = stringMember(answersOf(objectMember(content, dialect.poll))[answer], dialect.answerId);
  if (id === undefined) return undefined;
  const chosen =
    dialect.start === 'm.poll.start' ? { 'm.selections': [id] } : { [dialect.response]: { answers: [id] } };
  return {
    type: dialect.response,
    content: { ...chosen, 'm.relates_to': { rel_type: 'm.reference', event_id: target } },
  };
}

function answersOf(poll: JsonObject | undefined): readonly JsonObject[] {
  const answers = member(poll, 'answers');
  return Array.isArray(answers) ? answers.slice(0, maxAnswers).filter(isJsonObject) : [];
}

/** A text, or the first plain one of a list of representations (MSC1767). */
function wordsAt(holder: JsonObject | undefined, { text }: Dialect): string {
  const value = member(holder, text);
  const plain: unknown = Array.isArray(value)
    ? value.find((each) => (stringMember(each, 'mimetype') ?? 'text/plain') === 'text/plain')
    : undefined;
  const words = typeof value === 'string' ? value : (stringMember(plain, 'body') ?? stringMember(holder, 'body') ?? '');
  return words.trim().slice(0, maxLetters).toWellFormed();
}
