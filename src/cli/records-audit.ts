/** `chancery records audit`: whether the ledger is whole, and what differs between it and the rooms. */
import { readConfiguration } from './configuration.ts';
import { ControlClient } from './control-client.ts';
import { auditFound } from './records-routes.ts';

export interface RecordsAuditOptions {
  readonly config: string;
  readonly json: boolean;
}

const withinMs = 30 * 60_000;

/** Resolves to the exit code: 0 nothing differs, 1 something does. Throws `CH-NOT-RUNNING`. */
export async function recordsAudit({ config, json }: RecordsAuditOptions): Promise<0 | 1> {
  const configuration = await readConfiguration(config);
  const found = await ControlClient.forRecords(configuration).ask(auditFound, {
    path: '/records/audits',
    body: {},
    timeoutMs: withinMs,
  });
  const { findings, more, checked } = found;
  if (json) process.stdout.write(`${JSON.stringify(found)}\n`);
  else {
    for (const { what, words, room, event } of findings)
      process.stdout.write(
        `${what}: ${words}${room === undefined ? '' : ` ${room}`}${event === undefined ? '' : ` ${event}`}\n`,
      );
    if (more) process.stdout.write('... and more.\n');
    process.stdout.write(
      `${checked.entries} entries were looked at: ${findings.length === 0 ? 'nothing is missing' : `${findings.length}${more ? ' and more' : ''} things differ`}.\n` +
        `The ledger's verifier key: ${checked.verifierKey}\n`,
    );
  }
  return findings.length === 0 ? 0 : 1;
}
