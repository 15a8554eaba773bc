/**
 * A poll of ours as WhatsApp can ask it, and the answer that comes back (Meta: "Interactive reply buttons messages",
 * "Interactive list messages"). The id of an answer says its place in our poll.
 */
import type { ChoiceContent, PollContent } from '../../model/content.ts';
import type { WhatsAppMessage } from './envelope.ts';
import { fitting, member, textAt } from './notices.ts';

const maxButtons = 3;
const maxButtonTitle = 20;
const maxRows = 10;
const maxRowTitle = 24;
const maxRowDescription = 72;
const maxButtonsQuestion = 1_024;
const maxListQuestion = 4_096;

const idOf = (answer: number): string => `answer-${answer}`;
const ownId = /^answer-(\d{1,3})$/;

/** The members of a send; undefined where WhatsApp can only ask it in words. */
export function interactiveOf({ question, answers }: PollContent): object | undefined {
  const body = { text: question };
  const isDistinct = new Set(answers).size === answers.length;
  const fitsButtons = answers.length <= maxButtons && answers.every((answer) => answer.length <= maxButtonTitle);
  if (fitsButtons && isDistinct && question.length <= maxButtonsQuestion) {
    const buttons = answers.map((title, place) => ({ type: 'reply', reply: { id: idOf(place), title } }));
    return { type: 'button', body, action: { buttons } };
  }
  const fitsRows = answers.length <= maxRows && answers.every((answer) => answer.length <= maxRowDescription);
  if (!fitsRows || question.length > maxListQuestion) return undefined;
  const rows = answers.map((answer, place) => ({
    id: idOf(place),
    title: shortened(answer, maxRowTitle),
    ...(answer.length > maxRowTitle ? { description: answer } : {}),
  }));
  return { type: 'list', body, action: { button: 'Choose', sections: [{ rows }] } };
}

/** The same in words: the citizen answers with a number, or in their own words. */
export const pollInWords = ({ question, answers }: PollContent): string =>
  [question, ...answers.map((answer, place) => `${place + 1}. ${answer}`)].join('\n');

/** What somebody chose from a list or from buttons, those of templates included. */
export function choiceIn(message: WhatsAppMessage): ChoiceContent | undefined {
  if (message.type === 'button') return chosen(textAt(message['button'], 'text'));
  if (message.type !== 'interactive') return undefined;
  const reply = member(message['interactive'], 'list_reply') ?? member(message['interactive'], 'button_reply');
  const [title, description] = [textAt(reply, 'title'), textAt(reply, 'description')];
  const place = ownId.exec(textAt(reply, 'id'))?.[1];
  // Of an answer of ours the description is the whole of it.
  if (place !== undefined) return chosen(description || title, Number(place));
  return chosen(title + (title === '' || description === '' ? '' : ` (${description})`));
}

function chosen(text: string, answer?: number): ChoiceContent | undefined {
  if (text.trim() === '') return undefined;
  return { type: 'choice', text: fitting(text), ...(answer === undefined ? {} : { answer }) };
}

const shortened = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
