/** Starts the simulated WhatsApp from the command line; says where it listens in one line of JSON. `--help` tells the rest. */
import { prettifyError, ZodError } from 'zod';
import { readOptions, usage } from './options.ts';
import { startServer } from './server.ts';

const args = process.argv.slice(2);
if (args.includes('--help')) {
  process.stdout.write(usage);
} else {
  try {
    await run();
  } catch (thrown) {
    const words = thrown instanceof ZodError ? prettifyError(thrown) : String(thrown);
    process.stderr.write(`${words}\n\n${usage}`);
    process.exitCode = 1;
  }
}

async function run(): Promise<void> {
  const options = readOptions(args);
  const server = await startServer(options);
  const stop = (): void => {
    void server.stop().finally(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (options.exitWithStdin) process.stdin.once('end', stop).resume();
  process.stdout.write(`${JSON.stringify({ listening: server.url })}\n`);
}
