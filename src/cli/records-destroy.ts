/** `chancery records destroy`: destroys what must not be kept any longer, with an officer's key; that it was is on record. */
import { ChanceryError } from '../base/errors.ts';
import { countIn, rangesOf } from '../model/number-ranges.ts';
import { chosen } from '../records/choosing.ts';
import { readConfiguration } from './configuration.ts';
import { ControlClient } from './control-client.ts';
import { askForOfficer } from './officer.ts';
import { giveOrder } from './proven-order.ts';
import { recordSourceOver } from './record-source.ts';
import { timeOf } from './records-export.ts';
import { destructionDone, maxRanges } from './records-routes.ts';

export interface RecordsDestroyOptions {
  readonly config: string;
  readonly officerKey: string;
  readonly reason: string;
  readonly chat?: string;
  readonly contact?: string;
  readonly from?: string;
  readonly before?: string;
  readonly dryRun: boolean;
  readonly answers?: string;
}

/** Throws `CH-NOT-RUNNING`, `CH-PASSPHRASE-WRONG`, `CH-RECORDS-*`, `CH-OFFICER-UNPROVEN`, `CH-COMMAND-INVALID`. */
export async function recordsDestroy(options: RecordsDestroyOptions): Promise<void> {
  const { chat, contact, from, before, dryRun } = options;
  const reason = options.reason.trim();
  if (chat === undefined && contact === undefined && before === undefined)
    throw new ChanceryError('CH-COMMAND-INVALID', {
      place: 'records destroy',
      detail: 'Expected --chat, --contact or --before: what is to be destroyed.',
    });
  if (reason === '' || reason.length > 2_000)
    throw new ChanceryError('CH-COMMAND-INVALID', { place: '--reason', detail: 'Expected 1 to 2000 characters.' });
  const asked = {
    ...(chat === undefined ? {} : { chat }),
    ...(contact === undefined ? {} : { contact }),
    ...(from === undefined ? {} : { from: timeOf(from, '--from') }),
    ...(before === undefined ? {} : { to: timeOf(before, '--before') }),
  };
  const configuration = await readConfiguration(options.config);
  const officer = await askForOfficer('records destroy', { ...options, key: options.officerKey });
  const client = ControlClient.forRecords(configuration);
  const ranges = rangesOf(await chosen(recordSourceOver(client), asked, officer));
  if (dryRun || ranges.length === 0) {
    process.stdout.write(`${countIn(ranges)} entries would be destroyed; nothing was.\n`);
    return;
  }
  for (let at = 0; at < ranges.length; at += maxRanges) {
    const order = { do: 'destroy', reason, ranges: ranges.slice(at, at + maxRanges) };
    const told = { shape: destructionDone, path: '/records/disposals', order };
    const { entries, number } = await giveOrder(client, officer, told);
    process.stdout.write(`${entries} entries were destroyed; entry ${number} says who did it, and why.\n`);
  }
  process.stdout.write('Backups of the file of entry keys still have their keys until these expire.\n');
}
