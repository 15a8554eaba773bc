/**
 * `npm run test:fuzz -- --bodies N --seed S [--target NAME [--only INDEX]]`: N bodies for each listener and parser. What
 * breaks is printed with what it takes to run it again; the last line is the result as JSON, and the exit code follows.
 */
import { parseArgs } from 'node:util';
import { conduct } from './conductor.ts';
import { targetNames } from './targets.ts';

const { values } = parseArgs({
  options: {
    bodies: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
    only: { type: 'string' },
  },
});
const [bodies, seed] = [Number(values.bodies), Number(values.seed)];
const only = values.only === undefined ? undefined : Number(values.only);
const { target } = values;

const wrong =
  [bodies, seed, only ?? 0].some((number) => !Number.isSafeInteger(number) || number < 0) || bodies < 1
    ? 'Expected whole numbers for --bodies, --seed and --only.'
    : target !== undefined && !targetNames.includes(target)
      ? `There is no target \`${target}\`. There are: ${targetNames.join(', ')}.`
      : only !== undefined && target === undefined
        ? '--only needs a --target.'
        : undefined;
if (wrong !== undefined) {
  console.error(wrong);
  process.exitCode = 2;
} else {
  const { faults, ...sent } = await conduct({
    seed,
    bodies,
    ...(target === undefined ? {} : { targets: [target] }),
    ...(only === undefined ? {} : { only }),
    onFailure: ({ kind, index, words, body, target: name }) =>
      console.log(`${kind} --seed ${seed} --target ${name} --only ${index ?? 'none'}\n  ${words}\n  body: ${body}`),
    onTargetDone: (name, seconds) => console.error(`${name}: ${seconds.toFixed(1)} s`),
  });
  const {
    crash: crashes,
    hang: hangs,
    server_error: server_errors,
    stored_unaccepted,
    unaccounted,
    broken_promise: broken_promises,
  } = faults;
  console.log(
    JSON.stringify({ seed, ...sent, crashes, hangs, server_errors, stored_unaccepted, unaccounted, broken_promises }),
  );
  process.exitCode = Object.values(faults).every((count) => count === 0) ? 0 : 1;
}
