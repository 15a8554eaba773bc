/** A poll of ours, as WhatsApp can ask it: with buttons, as a list, or in words. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { asId, type ChatId, type SendKey } from '../../../../src/model/ids.ts';
import { messageShape } from '../../../../src/networks/whatsapp/envelope.ts';
import { choiceIn } from '../../../../src/networks/whatsapp/offered-answers.ts';
import { messageBody } from '../../../../src/networks/whatsapp/send-body.ts';
import { readSend } from '../../../peers/whatsapp-cloud/send-shape.ts';
import { message } from './payloads.ts';

interface Asked {
  readonly type: string;
  readonly text?: { readonly body: string };
  readonly interactive?: {
    readonly type: string;
    readonly action: {
      readonly buttons?: readonly { readonly reply: { readonly id: string; readonly title: string } }[];
      readonly sections?: readonly { readonly rows: readonly { readonly id: string; readonly title: string }[] }[];
    };
  };
}

function asked(question: string, answers: readonly string[]): Asked {
  const body = messageBody(
    {
      chat: asId<ChatId>('4930'),
      sendKey: asId<SendKey>('k'),
      content: { type: 'poll', question, answers },
    },
    { phone: '4930' },
  );
  readSend(body);
  return body as Asked;
}

const many = (count: number): string[] => Array.from({ length: count }, (_, place) => `Answer number ${place + 1}`);

test('three short answers are buttons, ten are a list, more are words', () => {
  expect(asked('?', many(3)).interactive?.type).toBe('button');
  expect(asked('?', many(4)).interactive?.type).toBe('list');
  expect(asked('?', many(10)).interactive?.type).toBe('list');
  expect(asked('When?', many(11)).text?.body).toMatch(/^When\?\n1\. Answer number 1\n(?:.*\n)*11\. Answer number 11$/);
});

test('answers that are the same are no buttons, and words that WhatsApp would cut are not cut', () => {
  expect(asked('?', ['Yes', 'Yes']).interactive?.type).toBe('list');
  expect(asked('?', ['x'.repeat(73), 'y']).type).toBe('text');
  expect(asked('?'.repeat(1_025), ['a', 'b']).interactive?.type).toBe('list');
  const [row] = asked('?', ['An answer that is longer than a row', 'b']).interactive?.action.sections?.[0]?.rows ?? [];
  expect(row).toEqual({
    id: 'answer-0',
    title: 'An answer that is longe…',
    description: 'An answer that is longer than a row',
  });
});

test('whatever the answers are, WhatsApp takes the question, and each choice leads back to its answer', () => {
  const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 90 }).filter((text) => text.trim() !== '');
  fc.assert(
    fc.property(words, fc.array(words, { minLength: 1, maxLength: 12 }), (question, answers) => {
      const { interactive } = asked(question, answers);
      const { buttons = [], sections = [] } = interactive?.action ?? {};
      const offered = [...buttons.map(({ reply }) => reply), ...sections.flatMap(({ rows }) => rows)];
      for (const [place, reply] of offered.entries()) {
        const type = interactive?.type === 'list' ? 'list_reply' : 'button_reply';
        const read = choiceIn(messageShape.parse(message('interactive', { interactive: { type, [type]: reply } })));
        expect(read).toMatchObject({ answer: place });
      }
    }),
  );
});

test('what somebody else offered is a choice without a place in our poll', () => {
  const reply = { id: 'priority', title: 'Priority' };
  const read = choiceIn(messageShape.parse(message('interactive', { interactive: { button_reply: reply } })));
  expect(read).toEqual({ type: 'choice', text: 'Priority' });
});
