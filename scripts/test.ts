/** What `npm test` runs once everything is installed. Its last line is the real counts. */
import { installFfmpeg } from '../tests/peers/ffmpeg/install.ts';
import { installSynapse } from '../tests/peers/synapse/install.ts';
import { runChecks } from './check.ts';
import { type Counts, runJest } from './jest.ts';

await installSynapse(console.log);
await installFfmpeg(console.log);
const checks: Counts = { ...(await runChecks()), skipped: 0 };
const unit = runJest(['tests/unit', '--maxWorkers', '100%']);
// Each of these starts a homeserver, a bridge and a simulator: one at a time is what two cores carry.
const whole = runJest(['tests/e2e', 'tests/faults', '--runInBand', '--testTimeout', '120000']);

const sum = (pick: (counts: Counts) => number): number => pick(checks) + pick(unit) + pick(whole);
const total: Counts = {
  passed: sum((each) => each.passed),
  failed: sum((each) => each.failed),
  skipped: sum((each) => each.skipped),
};
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
