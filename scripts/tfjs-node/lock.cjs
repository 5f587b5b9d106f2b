'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

// The owner renews its lock file's time as long as it lives. An owner that died is recognised by an old time rather than
// by its process id, which means nothing to another container that shares the folder.
const RENEWED_EVERY = 2_000;
const STALE_AFTER = 20_000;

function tryToTake(file) {
  try {
    fs.closeSync(fs.openSync(file, 'wx'));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

function dropIfStale(file) {
  try {
    if (Date.now() - fs.statSync(file).mtimeMs > STALE_AFTER) fs.rmSync(file, { force: true });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

/** Runs work() while no other process does so under the same lock file. onWait() is called once if it has to wait. */
async function withLock(file, onWait, work) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  for (let waited = false; !tryToTake(file); waited = true) {
    if (!waited) onWait();
    await sleep(500);
    dropIfStale(file);
  }
  const renewal = setInterval(() => fs.utimes(file, new Date(), new Date(), () => {}), RENEWED_EVERY);
  const release = () => fs.rmSync(file, { force: true });
  // A signal ends the process without passing through `finally`.
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    process.off('exit', release);
    release();
  }
}

module.exports = { withLock };
