import { ChanceryError } from '../../base/errors.ts';
import { asId, type JournalId, type PartId } from '../../model/ids.ts';
import { type Command, type CommandCall, numberFrom } from '../command.ts';

/** Lists what stands still or failed, and tries one of them again. */
export const retry: Command = {
  name: 'retry',
  usage: '[row N | message N]',
  summary: 'list what is stuck, uncertain or failed; with a number, try that one again',
  example: 'retry row 12',
  role: 'admin',
  run: async (call) => {
    const [kind, number] = call.arguments;
    if (kind === undefined) return list(call);
    const id = numberFrom(number);
    if (id !== undefined && kind === 'row')
      return (await call.operations.retryRow(asId<JournalId>(id), call.asker))
        ? `Row ${id} is due now.`
        : `Row ${id} does not wait.`;
    if (id !== undefined && kind === 'message') return call.operations.retryMessage(asId<PartId>(id), call.asker);
    throw new ChanceryError('CH-COMMAND-INVALID', { detail: 'Expected `retry row 12` or `retry message 34`.' });
  },
};

async function list({ operations }: CommandCall): Promise<string> {
  const { rows, messages } = await operations.attention();
  if (rows.length + messages.length === 0) return 'Nothing is stuck, uncertain or failed.';
  return [
    ...rows.map(
      ({ id, lane, state, attempts, lastError }) =>
        `row ${id} in ${lane}: ${state}, ${attempts} attempts: ${lastError ?? 'no error noted'}`,
    ),
    ...messages.map(
      ({ id, state, author, reason }) => `message ${id} of ${author}: ${state}: ${reason ?? 'no reason noted'}`,
    ),
  ].join('\n');
}
