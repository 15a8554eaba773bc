/** `chancery records rewrap`: opens the keys of all epochs with an officer's key, and seals them for who is named now. */
import { z } from 'zod';
import { ChanceryError } from '../base/errors.ts';
import { rewrap } from '../vault/epoch-key.ts';
import { checkRecipients } from '../vault/recipients.ts';
import { readConfiguration } from './configuration.ts';
import { ControlClient } from './control-client.ts';
import { askForOfficer } from './officer.ts';
import { giveOrder } from './proven-order.ts';
import { allEpochs } from './record-source.ts';

export interface RecordsRewrapOptions {
  readonly config: string;
  readonly key: string;
  readonly answers?: string;
}

const epochsAtOnce = 20;

/** Throws `CH-NOT-RUNNING`, `CH-PASSPHRASE-WRONG`, `CH-RECORDS-KEY-WRONG`, `CH-RECIPIENT-INVALID`. */
export async function recordsRewrap(options: RecordsRewrapOptions): Promise<void> {
  const configuration = await readConfiguration(options.config);
  const recipients = checkRecipients(configuration.records.recipients);
  const officer = await askForOfficer('records rewrap', options);
  if (!recipients.includes(officer.recipient))
    throw new ChanceryError('CH-RECIPIENT-INVALID', {
      place: options.key,
      detail:
        'The key that opens the epochs is not in records.recipients, so it would open nothing afterwards. Put it there, or let another officer do this.',
    });
  const client = ControlClient.forRecords(configuration);
  const epochs = await allEpochs(client);
  for (let at = 0; at < epochs.length; at += epochsAtOnce) {
    const some: { id: number; wrappedKey: string }[] = [];
    for (const { id, wrappedKey } of epochs.slice(at, at + epochsAtOnce))
      some.push({ id, wrappedKey: await rewrap(wrappedKey, officer, recipients) });
    const order = { do: 'rewrap', epochs: some };
    await giveOrder(client, officer, { shape: z.object({}), path: '/records/epochs', order });
  }
  process.stdout.write(`${epochs.length} epochs are sealed for ${recipients.length} officers now.\n`);
}
