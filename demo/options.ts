/** What the demo may be told on the command line. A word it does not know is refused before anything is started. */

export interface DemoOptions {
  /** Play, tell for each step whether it was seen, end. */
  readonly once: boolean;
  /** Remove what earlier starts kept. */
  readonly reset: boolean;
  readonly help: boolean;
}

export const usage = `npm run demo                 plays a conversation, then goes on until Ctrl-C; keeps its data
npm run demo -- --once       plays it, tells for each step whether it was seen on both sides, ends
npm run demo -- --reset      starts over with empty data (goes together with --once)
npm run demo -- --help       shows this`;

/** Says which word was wrong and what is possible. */
export class WrongOption extends Error {}

const known = new Set(['--once', '--reset', '--help']);

/** Throws `WrongOption`. */
export function readOptions(args: readonly string[]): DemoOptions {
  const wrong = args.find((word) => !known.has(word));
  if (wrong !== undefined)
    throw new WrongOption(`The demo has no option ${JSON.stringify(wrong)}. It has:\n\n${usage}`);
  return { once: args.includes('--once'), reset: args.includes('--reset'), help: args.includes('--help') };
}
