import { ChanceryError } from '../../base/errors.ts';
import { asId, type JournalId } from '../../model/ids.ts';
import { type Command, numberFrom } from '../command.ts';

/** Takes out of the queue what will never get through, so that what waits behind it can go on. */
export const drop: Command = {
  name: 'drop',
  usage: 'row N REASON',
  summary: 'take a row that is stuck or in quarantine out of the queue for good; those concerned are told the reason',
  example: 'drop row 12 the file is broken',
  role: 'admin',
  run: async ({ arguments: [kind, number, ...reason], asker, operations }) => {
    const id = numberFrom(number);
    if (kind !== 'row' || id === undefined || reason.length === 0)
      throw new ChanceryError('CH-COMMAND-INVALID', {
        detail: 'Expected the number of a row, as `retry` lists it, and a reason: `drop row 12 the file is broken`.',
      });
    return (await operations.dropRow(asId<JournalId>(id), asker, reason.join(' ')))
      ? `Row ${id} is taken out.`
      : `Row ${id} does not wait.`;
  },
};
