/** Runs jest the way that works with ES modules, and tells the real counts. Arguments are jest's own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface JestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

const root = resolve(import.meta.dirname, '..');
const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');

/** A suite that could not even be loaded counts as one failure. */
export function runJest(args: readonly string[]): Counts {
  const folder = mkdtempSync(join(tmpdir(), 'jest-result-'));
  const outputFile = join(folder, 'result.json');
  try {
    const options = ['--json', '--outputFile', outputFile, ...args];
    const run = spawnSync(process.execPath, ['--experimental-vm-modules', '--no-warnings', jest, ...options], {
      cwd: root,
      // The JSON goes to the file; what people read is on standard error.
      stdio: ['inherit', 'ignore', 'inherit'],
    });
    const result = JSON.parse(readFileSync(outputFile, 'utf8')) as JestResult;
    const broken = result.numFailedTests + result.numRuntimeErrorTestSuites;
    return {
      passed: result.numPassedTests,
      failed: run.status === 0 ? broken : Math.max(1, broken),
      skipped: result.numPendingTests + result.numTodoTests,
    };
  } catch (thrown) {
    console.error(`jest told no result: ${String(thrown)}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { passed, failed, skipped } = runJest(process.argv.slice(2));
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
