// Makes require('@tensorflow/tfjs-node') work after an `npm ci` that ran no install scripts: by the package's own install
// script where its download is allowed, else out of TensorFlow's Python wheel. Silent when it works already.
//
//   --optional               where it cannot be made to work, say so in one line and succeed
//   TFJS_NODE_FROM_WHEEL=1   leave the package's own download out
'use strict';
const path = require('node:path');
const { installByItself } = require('./tfjs-node/own-installer.cjs');
const { cacheRoot, installFromWheel } = require('./tfjs-node/from-wheel.cjs');
const { withLock } = require('./tfjs-node/lock.cjs');
const { run } = require('./tfjs-node/run.cjs');

const optional = process.argv.includes('--optional');
const log = (line) => console.log(`tfjs-node: ${line}`);

function findPackage() {
  try {
    return path.dirname(require.resolve('@tensorflow/tfjs-node/package.json'));
  } catch {
    throw new Error('the package is not installed: run `npm ci` first');
  }
}

/** Tried in a process of its own, which a bad library may take down. Resolves with TensorFlow's version. */
function works(packageFolder) {
  const program = `
    const tf = require(process.argv[1]);
    const a = tf.tensor2d([[1, 2], [3, 4]]);
    if (String(a.matMul(a).dataSync()) !== '7,10,15,22') throw new Error('wrong product of matrices');
    console.log(tf.backend().binding.TF_Version);`;
  const shim = path.join(__dirname, 'tfjs-node/shim.cjs');
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' };
  return run(process.execPath, ['-r', shim, '-e', program, packageFolder], { env, shell: false });
}

async function install(packageFolder) {
  const failures = [];
  const ways = [...(process.env.TFJS_NODE_FROM_WHEEL ? [] : [installByItself]), installFromWheel];
  for (const way of ways) {
    try {
      await way(packageFolder, log, () => works(packageFolder));
      log(`works, TensorFlow ${await works(packageFolder)}`);
      return;
    } catch (error) {
      failures.push(error);
    }
  }
  const reasons = failures.map((failure) => failure.message).join('; ');
  throw Object.assign(new Error(`cannot be installed: ${reasons}`), { failures });
}

async function main() {
  const packageFolder = findPackage();
  const alreadyWorks = () =>
    works(packageFolder).then(
      () => true,
      () => false,
    );
  if (await alreadyWorks()) return;
  const waiting = () => log('another process is installing it: waiting');
  await withLock(path.join(cacheRoot(), 'tfjs-node-install.lock'), waiting, async () => {
    if (!(await alreadyWorks())) await install(packageFolder);
  });
}

main().catch((error) => {
  if (!optional) for (const { message, details } of error.failures ?? []) if (details) log(`${message}\n${details}\n`);
  log(optional ? `${error.message}; going on without it` : error.message);
  process.exitCode = optional ? 0 : 1;
});
