/** Who answers the questions of a command: a person on the terminal, or a file that was written beforehand. */
import { ChanceryError } from '../base/errors.ts';
import type { Question } from '../networks/login.ts';
import { type Answers, readAnswers } from './answers.ts';
import { openTerminal, type Terminal } from './terminal.ts';

export interface Respondent {
  /** `problem`: what was wrong with the last answers. A file has no other answers, and throws `CH-LOGIN-INVALID` then. */
  answer(questions: readonly Question[], problem: string | undefined): Promise<Answers>;
  say(text: string): void;
  /** What is worth telling afterwards. */
  close(): readonly string[];
}

/** Throws `CH-COMMAND-INVALID` when there is neither a terminal nor a file that can be read. */
export async function openRespondent(command: string, answers: string | undefined): Promise<Respondent> {
  return answers === undefined ? onTerminal(command) : fromFile(await readAnswers(answers), answers);
}

function onTerminal(command: string): Respondent {
  if (!process.stdin.isTTY) {
    const detail = 'There is no terminal to ask on; give the answers with --answers.';
    throw new ChanceryError('CH-COMMAND-INVALID', { place: command, detail });
  }
  const terminal: Terminal = openTerminal(process.stdin, process.stderr);
  return {
    say: (text) => terminal.say(text),
    close: () => {
      terminal.close();
      return [];
    },
    answer: async (questions, problem) => {
      if (problem !== undefined) terminal.say(problem);
      const given: Record<string, string> = {};
      for (const question of questions) given[question.name] = await terminal.ask(question);
      return given;
    },
  };
}

function fromFile(answers: Answers, place: string): Respondent {
  const asked = new Set<string>();
  const refused = (detail: string): ChanceryError => new ChanceryError('CH-LOGIN-INVALID', { place, detail });
  return {
    say: (text) => void process.stdout.write(`${text}\n`),
    close: () => {
      const unused = Object.keys(answers).filter((name) => !asked.has(name));
      return unused.length === 0 ? [] : [`Nobody asked for: ${unused.join(', ')}`];
    },
    answer: async (questions, problem) => {
      // The file has no other answer than the one that was just refused.
      if (problem !== undefined) throw refused(problem);
      const given: Record<string, string> = {};
      for (const { name, prompt, whenEmpty } of questions) {
        asked.add(name);
        const answer = answers[name] ?? (whenEmpty === undefined ? undefined : '');
        if (answer === undefined) throw refused(`The answer ${name} is missing: ${prompt}.`);
        given[name] = answer;
      }
      return given;
    },
  };
}
