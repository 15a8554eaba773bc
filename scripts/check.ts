/** Everything that can be said of the code without running it: format, lint, types, layering, unused code. */
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Why a run that ended well was worth nothing. */
  readonly doubt?: (output: string) => string | undefined;
}

const root = resolve(import.meta.dirname, '..');
const bin = (name: string): string => resolve(root, 'node_modules', '.bin', name);
const atOnce = 2;

const steps: readonly Step[] = [
  { name: 'types', command: bin('tsc'), args: ['-p', '.'] },
  { name: 'lint', command: bin('eslint'), args: ['.', '--max-warnings', '0'] },
  { name: 'format', command: bin('biome'), args: ['format', '--colors=off', '.'] },
  {
    name: 'layers',
    command: bin('depcruise'),
    args: ['src', '--config', '.dependency-cruiser.cjs'],
    doubt: sawEveryModule,
  },
  { name: 'unused', command: bin('knip'), args: [] },
];

/** A cruise that resolved nothing would find no fault either. */
function sawEveryModule(output: string): string | undefined {
  const cruised = Number(/\((\d+) modules/.exec(output)?.[1] ?? 0);
  const files = globSync('src/**/*.ts', { cwd: root }).length;
  return cruised >= files ? undefined : `only ${cruised} modules of ${files} were looked at`;
}

/** Runs every step; resolves to the number of those that passed and failed. */
export async function runChecks(): Promise<{ passed: number; failed: number }> {
  const waiting = [...steps];
  let failed = 0;
  const worker = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      if (!(await passes(step))) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { passed: steps.length - failed, failed };
}

function passes({ name, command, args, doubt }: Step): Promise<boolean> {
  const began = performance.now();
  return new Promise((resolvePassed) => {
    execFile(command, args, { cwd: root, maxBuffer: 32 * 1024 * 1024 }, (error, stdout, stderr) => {
      const problem = error === null ? doubt?.(stdout) : `${stdout}\n${stderr}`.trim();
      const seconds = ((performance.now() - began) / 1_000).toFixed(1);
      console.log(`check ${name}: ${problem === undefined ? 'ok' : 'FAILED'} (${seconds} s)`);
      if (problem !== undefined) console.log(problem);
      resolvePassed(problem === undefined);
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { failed } = await runChecks();
  process.exitCode = failed === 0 ? 0 : 1;
}
