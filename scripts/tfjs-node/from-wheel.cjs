'use strict';
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { run } = require('./run.cjs');

// The smallest wheel that has libtensorflow_cc.so.2 (2.12 to 2.21 have it), and the hash of its build for CPython 3.11.
const TENSORFLOW = '2.13.1';
const WHEEL_SHA256 = '87be6e61314b2c0fa062f71e26e41d6a17e162ffe4da72c820fe8f1fc94d97fe';
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const NEEDED_MEMBERS = 'tensorflow/(libtensorflow_|include/tensorflow/((tsl/)?c/|(core|tsl)/platform/ctstring))';
const ADDON = 'tfjs_binding.node';
const compiler = process.env.CXX || 'g++';

/** Outside node_modules, which `npm ci` empties, unless there is no writable home. */
function cacheRoot() {
  const own = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  try {
    fs.mkdirSync(own, { recursive: true });
    fs.accessSync(own, fs.constants.W_OK);
    return own;
  } catch {
    return path.join(__dirname, '../../node_modules/.cache');
  }
}

async function requireTools() {
  const packages = [
    ['python3', ['--version'], 'python3'],
    ['python3', ['-m', 'pip', '--version'], 'pip (Debian: python3-pip)'],
    [compiler, ['--version'], compiler],
  ];
  for (const [command, args, name] of packages) {
    await run(command, args).catch(() => {
      throw new Error(`${name} is missing`);
    });
  }
}

async function downloadWheel(folder) {
  const requirements = path.join(folder, 'requirements.txt');
  fs.writeFileSync(requirements, `tensorflow-cpu==${TENSORFLOW} --hash=sha256:${WHEEL_SHA256}\n`);
  const target = ['--platform=manylinux2014_x86_64', '--implementation=cp', '--python-version=311', '--abi=cp311'];
  const options = ['--no-deps', '--only-binary=:all:', '--progress-bar=off', ...target];
  await run('python3', ['-m', 'pip', 'download', '-r', requirements, '-d', folder, ...options]).catch((error) => {
    throw Object.assign(error, { message: `pip cannot download tensorflow-cpu ${TENSORFLOW}` });
  });
  return path.join(
    folder,
    fs.readdirSync(folder).find((file) => file.endsWith('.whl')),
  );
}

async function unpack(wheel, folder) {
  const program = `
import re, sys, zipfile
wheel, folder, members = sys.argv[1:]
archive = zipfile.ZipFile(wheel)
archive.extractall(folder, [name for name in archive.namelist() if re.match(members, name)])`;
  await run('python3', ['-c', program, wheel, folder, NEEDED_MEMBERS]);
}

async function compileAddon(packageFolder, folder) {
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => path.join(packageFolder, 'binding', file));
  const includes = [`-I${require('node-api-headers').include_dir}`, `-I${path.join(folder, 'include')}`];
  const link = [`-L${folder}`, ...LIBRARIES.map((file) => `-l:${file}`), '-Wl,-rpath,$ORIGIN/../../deps/lib'];
  const flags = ['-shared', '-fPIC', '-O2', '-std=c++17', '-DNAPI_VERSION=8'];
  await run(compiler, [...flags, '-o', path.join(folder, ADDON), ...includes, ...sources, ...link]);
}

/** Builds in a folder beside the cache and renames it at the end: a cache that is there is a whole one. */
async function fillCache(cache, packageFolder, log) {
  await requireTools();
  const building = fs.mkdtempSync(`${cache}.building-`);
  const folder = path.join(building, 'tensorflow');
  try {
    log(`taking libtensorflow out of the wheel tensorflow-cpu ${TENSORFLOW} (187 MB)`);
    const wheel = await downloadWheel(building);
    await unpack(wheel, building);
    log('compiling the addon');
    await compileAddon(packageFolder, folder);
    // 560 MB become 415; a machine without strip keeps them all.
    await run(
      'strip',
      LIBRARIES.map((file) => path.join(folder, file)),
    ).catch(() => {});
    fs.rmSync(path.join(folder, 'include'), { recursive: true });
    fs.renameSync(folder, cache);
  } finally {
    fs.rmSync(building, { recursive: true, force: true });
  }
}

function removeLeftovers(cache) {
  const [root, name] = [path.dirname(cache), path.basename(cache)];
  for (const entry of fs.readdirSync(root)) {
    if (entry.startsWith(`${name}.building-`)) fs.rmSync(path.join(root, entry), { recursive: true, force: true });
  }
}

/** Hard links cost neither time nor space; they cannot cross file systems. */
function place(source, target) {
  const incoming = `${target}.incoming`;
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.rmSync(incoming, { force: true });
  try {
    fs.linkSync(source, incoming);
  } catch {
    fs.copyFileSync(source, incoming);
  }
  fs.renameSync(incoming, target);
}

/** TensorFlow's Python wheel holds the same library; the addon, a Node-API one, is compiled against it. Linux x64 only. */
async function installFromWheel(packageFolder, log, works) {
  const platform = `${process.platform} ${process.arch}`;
  if (platform !== 'linux x64') throw new Error(`there is no way through Python's wheel on ${platform}`);
  const packageJson = path.join(packageFolder, 'package.json');
  const cache = path.join(cacheRoot(), `tfjs-node-${require(packageJson).version}-tf${TENSORFLOW}`);
  const addon = require(require.resolve('@mapbox/node-pre-gyp', { paths: [packageFolder] })).find(packageJson);
  const placeAll = () => {
    for (const file of LIBRARIES) place(path.join(cache, file), path.join(packageFolder, 'deps/lib', file));
    place(path.join(cache, ADDON), addon);
  };

  removeLeftovers(cache);
  if (fs.existsSync(cache)) {
    try {
      placeAll();
      await works();
      return;
    } catch {
      log('the cached build does not work here: building it again');
      fs.rmSync(cache, { recursive: true, force: true });
    }
  }
  await fillCache(cache, packageFolder, log);
  placeAll();
}

module.exports = { installFromWheel, cacheRoot };
