/**
 * Mends what npm leaves out of package-lock.json. Run it after every change of the lock.
 * - The optional platform packages that the registry in use did not list: `npm ci` refuses a lock without them.
 * - That a package brings its binaries: `npm ci` else runs node-gyp wherever it finds a binding.gyp, which needs a
 *   compiler and downloads headers.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const bringTheirBinaries = ['better-sqlite3-multiple-ciphers'];

interface LockEntry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  gypfile?: boolean;
  optionalDependencies?: Record<string, string>;
}
const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, LockEntry> };

const systems: Record<string, string> = { windows: 'win32', win: 'win32' };
const platforms = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'linuxmusl',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'aix',
  'win32',
  'windows',
  'win',
];
const processors = [
  'arm',
  'arm64',
  'ia32',
  'x64',
  'ppc64',
  'ppc64le',
  'riscv64',
  's390x',
  'loong64',
  'mips64el',
  'wasm32',
];

/** What a package named `...-linux-x64-musl` can run on. */
function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[/-]/);
  const os = words.find((word) => platforms.includes(word));
  const cpu = words.find((word) => processors.includes(word));
  const libc = words.find((word) => /^(musl|gnu|gnueabihf|musleabihf)/.test(word));
  return {
    ...(os === undefined ? {} : { os: [systems[os] ?? os.replace('linuxmusl', 'linux')] }),
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(libc === undefined || os !== 'linux' ? {} : { libc: [libc.startsWith('musl') ? 'musl' : 'glibc'] }),
  };
}

/** Follows Node's resolution: a dependency is found beside its parent or in any folder above. */
function isLocked(parent: string, name: string): boolean {
  for (let base = parent; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${base === '' ? '' : `${base}/`}node_modules/${name}`] !== undefined) return true;
    if (base === '') return false;
    if (!base.includes('/node_modules/')) base = '';
  }
}

let added = 0;
for (const [parent, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(parent, name)) continue;
    lock.packages[`node_modules/${name}`] = {
      version: range.replace(/^[\^~]/, ''),
      ...platformOf(name),
      ...(entry.dev === true ? { dev: true } : {}),
      optional: true,
    };
    added += 1;
  }
}
for (const name of bringTheirBinaries) {
  const entry = lock.packages[`node_modules/${name}`];
  if (entry !== undefined) entry.gypfile = false;
}
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} optional platform packages added to the lock`);
