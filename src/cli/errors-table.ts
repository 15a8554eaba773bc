/** The table of docs/networks/whatsapp.md: each error code of WhatsApp that is known, what it means here, what is said. */
import { documentedErrors, type ErrorKind } from '../networks/whatsapp/error-words.ts';

const meant: Readonly<Record<ErrorKind, string>> = {
  account: 'everything of the account waits, and admins are told',
  rate: 'it waits, and is tried again',
  again: 'it is tried again',
  refused: 'it is over: said at the message',
};

export function errorsTable(): string {
  const rows = documentedErrors.map(([code, { kind, words, waitMs }]) => [
    String(code),
    kind === 'rate' && waitMs !== undefined
      ? `it waits for ${waitMs / 1_000} s or longer, and is tried again`
      : meant[kind],
    words,
  ]);
  return [
    '| code | what follows | what is said |',
    '|---|---|---|',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}
