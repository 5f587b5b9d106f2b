// npm leaves optional platform packages (esbuild for macOS, say) out of package-lock.json when the registry it asks does
// not serve them, and `npm ci` then refuses the lock file as out of step. This enters what is missing, without a hash.
import { readFileSync, writeFileSync } from 'node:fs';

const LOCK_FILE = 'package-lock.json';
const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

function platformOf(packageName) {
  const words = packageName.split(/[/-]/);
  const os = words.filter((word) => SYSTEMS.includes(word));
  const cpu = words.filter((word) => PROCESSORS.includes(word));
  if (os.length !== 1 || cpu.length !== 1) return null;
  const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc';
  return { cpu, ...(os[0] === 'linux' && { libc: [libc] }), os };
}

const lock = JSON.parse(readFileSync(LOCK_FILE, 'utf8'));
const added = [];
for (const dependent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(dependent.optionalDependencies ?? {})) {
    const platform = platformOf(name);
    if (!platform || !/^\d/.test(version) || lock.packages[`node_modules/${name}`]) continue;
    const { cpu, ...rest } = platform;
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu,
      ...(dependent.dev && { dev: true }),
      optional: true,
      ...rest,
    };
    added.push(`${name}@${version}`);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
if (added.length > 0) writeFileSync(LOCK_FILE, `${JSON.stringify(lock, null, 2)}\n`);
console.log(
  added.length > 0 ? `package-lock.json: entered ${added.join(', ')}` : 'package-lock.json: nothing is missing',
);
