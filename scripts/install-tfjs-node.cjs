// Makes require('@tensorflow/tfjs-node') work; run it after `npm ci --ignore-scripts`.
// 1. Nothing to do if it works already. 2. The package's own install script, which downloads
// libtensorflow and a built addon (TFJS_NODE_FROM_WHEEL=1 skips this). 3. Where that is refused
// (Linux x64): libtensorflow out of the tensorflow-cpu wheel, fetched with pip, and the addon
// compiled against it (Node-API: one build for all Node versions). Needs python3, pip, g++.
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawnSync } = require('child_process');

const TF = '2.13.1'; // the smallest wheel with libtensorflow_cc.so.2 (2.12 to 2.21 have it)
const SHA256 = '87be6e61314b2c0fa062f71e26e41d6a17e162ffe4da72c820fe8f1fc94d97fe'; // cp311
const MEMBERS = 'tensorflow/(libtensorflow_|include/tensorflow/((tsl/)?c/|(core|tsl)/platform/ctstring))';
const LIBS = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const pkgJson = require.resolve('@tensorflow/tfjs-node/package.json', { paths: [path.dirname(__dirname)] });
const pkg = path.dirname(pkgJson);
const cache = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'),
  `tfjs-node-${require(pkgJson).version}-tf${TF}`,
);

function run(cmd, args) {
  const r = spawnSync(cmd, args, { stdio: 'inherit' });
  if (r.error || r.status !== 0) throw new Error(`${cmd} failed: ${r.error || r.signal || `exit ${r.status}`}`);
}

function works(stderr) {
  // in a child process: a bad library must not take this one down
  const code = `require('util').isNullOrUndefined ??= (v) => v == null; // Node 23 removed it
    const tf = require(process.argv[1]), a = tf.tensor2d([[1, 2], [3, 4]]);
    if (String(a.matMul(a).dataSync()) !== '7,10,15,22') throw new Error('wrong matMul');
    console.log('tfjs-node works, TensorFlow ' + tf.backend().binding.TF_Version);`;
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' };
  return spawnSync(process.execPath, ['-e', code, pkg], { env, stdio: ['ignore', 'inherit', stderr] }).status === 0;
}

function nodeHeaders(tmp) {
  const own = path.join(fs.realpathSync(process.execPath), '../../include/node');
  if (fs.existsSync(path.join(own, 'node_api.h'))) return own;
  run('npm', ['install', '--no-save', '--ignore-scripts', '--prefix', tmp, 'node-api-headers@1.9.0']);
  return path.join(tmp, 'node_modules/node-api-headers/include');
}

function fillCache() {
  fs.mkdirSync(path.dirname(cache), { recursive: true });
  const tmp = fs.mkdtempSync(`${cache}.tmp-`); // beside the cache: the last step is a rename
  const [req, tfdir] = [path.join(tmp, 'req.txt'), path.join(tmp, 'tensorflow')];
  try {
    fs.writeFileSync(req, `tensorflow-cpu==${TF} --hash=sha256:${SHA256}\n`);
    run('python3', [
      '-m',
      'pip',
      'download',
      '-r',
      req,
      '-d',
      tmp,
      '--no-deps',
      '--only-binary=:all:',
      '--platform=manylinux2014_x86_64',
      '--implementation=cp',
      '--python-version=311',
      '--abi=cp311',
    ]);
    const wheel = path.join(
      tmp,
      fs.readdirSync(tmp).find((f) => f.endsWith('.whl')),
    );
    run('python3', [
      '-c',
      'import re, sys, zipfile; a = sys.argv; z = zipfile.ZipFile(a[1]); ' +
        'z.extractall(a[2], [n for n in z.namelist() if re.match(a[3], n)])',
      wheel,
      tmp,
      MEMBERS,
    ]);
    run('g++', [
      '-shared',
      '-fPIC',
      '-O2',
      '-std=c++17',
      '-DNAPI_VERSION=8',
      '-o',
      `${tfdir}/tfjs_binding.node`,
      `-I${nodeHeaders(tmp)}`,
      `-I${tfdir}/include`,
      `${pkg}/binding/tfjs_backend.cc`,
      `${pkg}/binding/tfjs_binding.cc`,
      `-L${tfdir}`,
      ...LIBS.map((f) => `-l:${f}`),
      '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ]);
    spawnSync(
      'strip',
      LIBS.map((f) => path.join(tfdir, f)),
    ); // 560 MB become 415; it may fail
    if (!fs.existsSync(cache)) fs.renameSync(tfdir, cache); // else another run was first
  } finally {
    fs.rmSync(tmp, { recursive: true, force: true });
  }
}

function place(name, to) {
  // a hard link where it can be one, else a copy
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.rmSync(to, { force: true });
  try {
    fs.linkSync(path.join(cache, name), to);
  } catch {
    fs.copyFileSync(path.join(cache, name), to);
  }
}

if (works('ignore')) process.exit(0);
if (!process.env.TFJS_NODE_FROM_WHEEL) {
  spawnSync('npm run install', { cwd: pkg, stdio: 'inherit', shell: true, timeout: 900e3 });
  if (works('ignore')) process.exit(0);
}
if (`${process.platform} ${process.arch}` !== 'linux x64') throw new Error('tfjs-node: no fallback on this platform');
if (!fs.existsSync(cache)) fillCache();
for (const f of LIBS) place(f, path.join(pkg, 'deps/lib', f));
place('tfjs_binding.node', require(require.resolve('@mapbox/node-pre-gyp', { paths: [pkg] })).find(pkgJson));
process.exit(works('inherit') ? 0 : 1);
