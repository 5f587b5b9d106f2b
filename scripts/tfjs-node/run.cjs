'use strict';
const { spawn } = require('node:child_process');

const TIME_LIMIT = 10 * 60_000;
const onWindows = process.platform === 'win32';
const running = new Set();

// A child leads a process group of its own, so that what it started ends with it; the terminal's Ctrl-C does not reach
// such a group by itself.
function stop(child) {
  try {
    if (onWindows) child.kill();
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) stop(child);
    process.exit(1);
  });
}

/**
 * Runs a command quietly and resolves with what it wrote to standard output.
 *
 * @throws Error with a one-line message, and with everything the command wrote in its `details`.
 */
function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: !onWindows,
      shell: onWindows,
      ...options,
    });
    running.add(child);
    let [output, details] = ['', ''];
    const timer = setTimeout(() => {
      details += `\nstopped after ${TIME_LIMIT / 60_000} minutes`;
      stop(child);
    }, TIME_LIMIT);
    const end = (problem) => {
      clearTimeout(timer);
      running.delete(child);
      if (problem) reject(Object.assign(new Error(`${command} failed: ${problem}`), { details: details.trim() }));
      else resolve(output.trim());
    };
    child.stdout.on('data', (chunk) => {
      output += chunk;
      details += chunk;
    });
    child.stderr.on('data', (chunk) => {
      details += chunk;
    });
    child.on('error', (error) => end(error.message));
    child.on('close', (status, signal) => end(status === 0 ? null : (signal ?? `exit status ${status}`)));
  });
}

module.exports = { run };
