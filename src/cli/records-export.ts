/** `chancery records export`: gives records to somebody who asked, with an officer's key. */
import { resolve } from 'node:path';
import { ChanceryError } from '../base/errors.ts';
import { exportRecords } from '../records/export.ts';
import { readConfiguration } from './configuration.ts';
import { ControlClient } from './control-client.ts';
import { askForOfficer } from './officer.ts';
import { recordSourceOver } from './record-source.ts';

export interface RecordsExportOptions {
  readonly config: string;
  readonly key: string;
  readonly out: string;
  readonly chat?: string;
  readonly contact?: string;
  readonly from?: string;
  readonly to?: string;
  readonly redact?: readonly string[];
  readonly answers?: string;
}

/** Throws `CH-NOT-RUNNING`, `CH-PASSPHRASE-WRONG`, `CH-RECORDS-*`, and `CH-COMMAND-INVALID` with what was expected. */
export async function recordsExport(options: RecordsExportOptions): Promise<void> {
  const asked = {
    ...(options.chat === undefined ? {} : { chat: options.chat }),
    ...(options.contact === undefined ? {} : { contact: options.contact }),
    ...(options.from === undefined ? {} : { from: timeOf(options.from, '--from') }),
    ...(options.to === undefined ? {} : { to: timeOf(options.to, '--to') }),
  };
  const configuration = await readConfiguration(options.config);
  const officer = await askForOfficer('records export', options);
  const directory = resolve(options.out);
  const { records, destroyed, media, missingMedia } = await exportRecords(
    recordSourceOver(ControlClient.forRecords(configuration)),
    {
      asked,
      redacted: options.redact ?? [],
      officer,
      directory,
      now: Date.now(),
    },
  );
  process.stdout.write(
    `Wrote ${records} records to ${directory}.\n` +
      (destroyed === 0 ? '' : `${destroyed} more were destroyed; nobody can open them.\n`) +
      (media === 0 ? '' : `With them are ${media} files that they name.\n`) +
      (missingMedia.length === 0 ? '' : `${missingMedia.length} such files are missing; the statement tells why.\n`) +
      'Whoever gets it can check it with `node records-verify.mjs`, see docs/records.md.\n',
  );
}

/** Milliseconds since the Unix epoch. Throws `CH-COMMAND-INVALID`. */
export function timeOf(text: string, option: string): number {
  const time = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new ChanceryError('CH-COMMAND-INVALID', {
    place: option,
    detail: 'Expected a day or a time with its zone, such as 2026-11-27 or 2026-11-27T08:00:00Z.',
  });
}
