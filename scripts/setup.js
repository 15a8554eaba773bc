// Installs the dependencies when they are missing or out of date. Runs before anything is installed, so it uses only
// what the oldest supported Node for npm itself offers; everything after it runs on the Node 24 that it installs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.chancery-installed');
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package.json')))
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.log('Installing dependencies (npm ci) ...');
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.env.npm_node_execpath || process.execPath, [npm]] : ['npm', []];
  // No dependency needs a script of its own at installation, and none is let run one.
  const flags = ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  flags.push('--loglevel=error');
  const result = spawnSync(command, [...first, ...flags], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) {
    console.error('npm ci failed: see its message above. A package registry must be reachable.');
    process.exit(result.status ?? 1);
  }
  linkNode();
  writeFileSync(stamp, wanted);
}

/** Some releases of npm install the package that brings Node 24, and do not link its program. */
function linkNode() {
  const link = join(root, 'node_modules', '.bin', 'node');
  const program = join('..', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(link)) return;
  if (existsSync(join(dirname(link), program))) symlinkSync(program, link);
  else if (Number(process.versions.node.split('.')[0]) < 24) {
    console.error(
      `This is Node ${process.versions.node}, and there is no package that brings Node 24 to this machine.`,
    );
    console.error('Install Node 24 or newer and try again.');
    process.exit(1);
  }
}
