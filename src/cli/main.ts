#!/usr/bin/env node
/**
 * The command `chancery`. Looks at the version of Node.js before it loads anything: under an older one the database
 * library ends the process without a word.
 */
const neededMajor = 24;

if (Number.parseInt(process.versions.node, 10) < neededMajor) {
  process.stderr.write(
    `CH-NODE-TOO-OLD ${process.execPath}: This Node.js is too old. Found ${process.version}.\n` +
      `what to do: Use Node.js ${neededMajor} or newer.\n`,
  );
  process.exitCode = 2;
} else {
  // The Matrix SDKs' own dependencies are old; what Node.js says about them is nothing the reader could act on.
  process.noDeprecation = true;
  const { run } = await import('./program.ts');
  process.exitCode = await run(process.argv.slice(2));
}
