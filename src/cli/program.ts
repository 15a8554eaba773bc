/** The commands and their options. The code of a command is loaded only when it is the one that was asked for. */
import { Command, CommanderError, Option } from 'commander';
import { keepGarbageSmall } from '../base/memory.ts';
import { ChanceryError } from '../base/errors.ts';
import type { RecordsDestroyOptions } from './records-destroy.ts';
import type { RecordsExportOptions } from './records-export.ts';
import type { RecordsRewrapOptions } from './records-rewrap.ts';
import { describeFailure, exitCodeOf } from './failure.ts';

interface ConfigOption {
  readonly config: string;
}

/** Resolves to the exit code: 0 done, 1 failed, 2 wrong usage or configuration (then nothing was started). */
export async function run(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  try {
    await build((code) => (exitCode = code)).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    // Commander has already shown the help when it was called without a command.
    if (thrown instanceof CommanderError && thrown.code === 'commander.help') return 2;
    const failure = thrown instanceof CommanderError ? usageError(thrown) : thrown;
    process.stderr.write(describeFailure(failure));
    return exitCodeOf(failure);
  }
}

function build(exitWith: (code: number) => void): Command {
  const program = new Command('chancery')
    .description('A Matrix bridge for governments: consumer chats in federated rooms, every word accounted for.')
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  const config = (): Option =>
    new Option('-c, --config <file>', 'the configuration file').env('CHANCERY_CONFIG').default('chancery.yaml');

  program
    .command('start')
    .description('start the bridge')
    .addOption(config())
    .action(async (options: ConfigOption) => {
      keepGarbageSmall();
      await (await import('./start.ts')).start(options);
    });
  program
    .command('check-config')
    .description('check the configuration and start nothing')
    .addOption(config())
    .action(async (options: ConfigOption) => (await import('./check-config.ts')).checkConfig(options));
  program
    .command('doctor')
    .description(
      'check the configuration against the live homeserver and networks; exit code 0 well, 1 warnings, 2 faults',
    )
    .addOption(config())
    .option('--json', 'print one line of JSON', false)
    .option('--homeserver-config <file>', "look at Synapse's homeserver.yaml too, for what destroys history")
    .action(async (options: ConfigOption & { json: boolean; homeserverConfig?: string }) =>
      exitWith(await (await import('./doctor.ts')).doctor(options)),
    );
  program
    .command('init')
    .description('ask what matters and write the configuration, the key of the database and the registration')
    .addOption(config())
    .option('--answers <file>', 'answers to the questions, as a JSON or YAML object of texts; - is standard input')
    .action(async (options: ConfigOption & { answers?: string }) => (await import('./init.ts')).init(options));
  program
    .command('keygen')
    .description('write a new key for the database')
    .addOption(config())
    .option('-o, --output <file>', 'where to write it, instead of data.key_file')
    .action(async (options: ConfigOption & { output?: string }) => (await import('./keygen.ts')).keygen(options));
  program
    .command('registration')
    .description('write the registration file, which the homeserver needs too')
    .addOption(config())
    .option('--force', 'replace the file, and with it the tokens', false)
    .action(async (options: ConfigOption & { force: boolean }) =>
      (await import('./registration.ts')).registration(options),
    );
  program
    .command('login <network>')
    .description('connect an account of a network to the running bridge')
    .addOption(config())
    .option('--answers <file>', 'answers to the questions, as a JSON or YAML object of texts; - is standard input')
    .action(async (network: string, options: ConfigOption & { answers?: string }) =>
      (await import('./login.ts')).login({ ...options, network }),
    );
  program
    .command('login-matrix <account> <user>')
    .description("show what is written on an account's phone as this official, e.g. whatsapp/1065 @ana:agency.example")
    .addOption(config())
    .option('--homeserver <url>', "the official's homeserver, where a token of their own is to be used")
    .option('--answers <file>', 'the token, as a JSON or YAML object with the key token; - is standard input')
    .action(async (account: string, user: string, options: ConfigOption & { homeserver?: string; answers?: string }) =>
      (await import('./login-matrix.ts')).loginMatrix({ ...options, account, user }),
    );
  program
    .command('logout-matrix <account>')
    .description("no longer show what is written on an account's phone as an official")
    .addOption(config())
    .action(async (account: string, options: ConfigOption) =>
      (await import('./login-matrix.ts')).logoutMatrix({ ...options, account }),
    );
  program
    .command('status')
    .description('ask the running bridge how it is; the exit code is 0 when it is live and 1 when it is not')
    .addOption(config())
    .option('--json', 'print one line of JSON', false)
    .action(async (options: ConfigOption & { json: boolean }) =>
      exitWith(await (await import('./status.ts')).status(options)),
    );
  const records = program
    .command('records')
    .description('the sealed records: keys of the officers who may open them, and giving records to who asked');
  records
    .command('export')
    .description('give records to somebody who asked: a bag that they can check by themselves')
    .addOption(config())
    .requiredOption('-k, --key <file>', "the officer's key, written by `chancery records keygen`")
    .requiredOption('-o, --out <folder>', 'where to put the bag; it is made, or must be empty')
    .option('--chat <room or number>', 'of this chat only')
    .option('--contact <number or id>', 'of the time in which this person was in a chat only')
    .option('--from <time>', 'recorded at or after this, such as 2026-11-27 or 2026-11-27T08:00:00Z')
    .option('--to <time>', 'recorded before this')
    .option('--redact <field...>', 'leave these fields out, such as author people; that they are left out shows')
    .option('--answers <file>', 'the passphrase, as a JSON or YAML object with the key passphrase; - is standard input')
    .action(async (options: RecordsExportOptions) => (await import('./records-export.ts')).recordsExport(options));
  records
    .command('destroy')
    .description('destroy what must not be kept any longer; who did it, and why, stays on record')
    .addOption(config())
    .requiredOption('-k, --officer-key <file>', "the officer's key, written by `chancery records keygen`")
    .requiredOption('--reason <text>', 'why, such as the rule that asks for it; officers can read it for good')
    .option('--chat <room or number>', 'of this chat only')
    .option('--contact <number or id>', 'of the time in which this person was in a chat only')
    .option('--from <time>', 'recorded at or after this, such as 2026-11-27 or 2026-11-27T08:00:00Z')
    .option('--before <time>', 'recorded before this')
    .option('--dry-run', 'only say how many there are', false)
    .option('--answers <file>', 'the passphrase, as a JSON or YAML object with the key passphrase; - is standard input')
    .action(async (options: RecordsDestroyOptions) => (await import('./records-destroy.ts')).recordsDestroy(options));
  records
    .command('rewrap')
    .description('let who is in records.recipients now open what was sealed before, with the key of an officer who can')
    .addOption(config())
    .requiredOption('-k, --key <file>', "the officer's key, written by `chancery records keygen`")
    .option('--answers <file>', 'the passphrase, as a JSON or YAML object with the key passphrase; - is standard input')
    .action(async (options: RecordsRewrapOptions) => (await import('./records-rewrap.ts')).recordsRewrap(options));
  records
    .command('audit')
    .description('compare the ledger with itself and with the rooms; exit code 0 when nothing is missing, else 1')
    .addOption(config())
    .option('--json', 'print one line of JSON', false)
    .action(async (options: ConfigOption & { json: boolean }) =>
      exitWith(await (await import('./records-audit.ts')).recordsAudit(options)),
    );
  records
    .command('keygen')
    .description("write a records officer's key, which its passphrase opens, and print the recipient to seal for")
    .requiredOption('-o, --out <file>', 'where to write it, best on a medium that leaves this machine')
    .option('--answers <file>', 'the passphrase, as a JSON or YAML object with the key passphrase; - is standard input')
    .action(async (options: { out: string; answers?: string }) =>
      (await import('./records-keygen.ts')).recordsKeygen(options),
    );
  program
    .command('version')
    .description('print the version')
    .action(async () => (await import('./version.ts')).version());
  return program;
}

function usageError({ message }: CommanderError): ChanceryError {
  const detail = message.replace(/^error: /u, '').replaceAll(/\s+/gu, ' ');
  return new ChanceryError('CH-COMMAND-INVALID', { place: 'chancery', detail: `${detail}.` });
}
