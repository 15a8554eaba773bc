// Installs the dependencies when they are missing or out of date. Runs before anything is installed, so it uses only
// what the oldest Node that npm runs on offers (18). Everything after it runs on Node 24, which comes from the registry
// as a package where it is not there: first that one, then under it all the others, because npm leaves out optional
// packages that do not suit the Node it runs on.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const neededMajor = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const manifest = readFileSync(join(root, 'package.json'));
const stamp = join(root, 'node_modules', '.chancery-installed');
const wanted = createHash('sha256')
  .update(manifest)
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
/** The package that brings Node to this machine, and its program in a folder of packages. */
const nodePackage = `node-${process.platform}-${process.arch}`;
const programIn = (packages) => join(packages, nodePackage, 'bin', 'node');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  const node = isNewEnough() ? process.execPath : bringNode();
  console.log('Installing dependencies (npm ci) ...');
  npm(node, ['ci', '--include=dev', '--include=optional']);
  linkNode();
  writeFileSync(stamp, wanted);
}

function isNewEnough() {
  return Number(process.versions.node.split('.')[0]) >= neededMajor;
}

/** Its path. */
function bringNode() {
  const version = JSON.parse(manifest.toString()).optionalDependencies[nodePackage];
  if (version === undefined) {
    fail(`This is Node ${process.versions.node}, and no package brings Node ${neededMajor} to this kind of machine.`);
  }
  const folder = join(root, '.chancery', 'node');
  const program = programIn(join(folder, 'node_modules'));
  console.log(`Installing Node ${version} ...`);
  rmSync(folder, { recursive: true, force: true });
  npm(process.execPath, ['install', '--prefix', folder, '--no-save', `${nodePackage}@${version}`]);
  return program;
}

/** Runs the npm that runs this script. No package needs a script of its own at installation, and none may run one. */
function npm(node, args) {
  const script = process.env.npm_execpath;
  const [command, first] = script ? [node, [script]] : ['npm', []];
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = spawnSync(command, [...first, ...args, ...flags], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) fail('npm failed: see its message above. A package registry must be reachable.');
}

/** Some releases of npm install the package that brings Node, and do not link its program. */
function linkNode() {
  const packages = join(root, 'node_modules');
  const link = join(packages, '.bin', 'node');
  if (!existsSync(link) && existsSync(programIn(packages))) symlinkSync(programIn('..'), link);
}

function fail(words) {
  console.error(words);
  if (!isNewEnough()) console.error(`Or install Node ${neededMajor} or newer and try again.`);
  process.exit(1);
}
