'use strict';
const fs = require('node:fs');
const https = require('node:https');
const path = require('node:path');
const { run } = require('./run.cjs');

const PROBE_TIME_LIMIT = 10_000;

function downloadHost() {
  const { env } = process;
  return new URL(
    env.TFJS_NODE_BASE_URI || env.TFJS_NODE_CDN_STORAGE || env.CDN_STORAGE || 'https://storage.googleapis.com/',
  );
}

/** Rejects where the host cannot be reached; the installer itself would wait for ever on a network that drops packets. */
function probe(url, packageFolder) {
  const proxy = process.env.HTTPS_PROXY || process.env.https_proxy;
  const ProxyAgent = proxy && require(require.resolve('https-proxy-agent', { paths: [packageFolder] }));
  return new Promise((resolve, reject) => {
    const request = https.request(url, {
      method: 'HEAD',
      signal: AbortSignal.timeout(PROBE_TIME_LIMIT),
      ...(proxy && { agent: new ProxyAgent(proxy) }),
    });
    request.on('response', (response) => {
      response.resume();
      resolve();
    });
    request.on('error', (error) => {
      const reason = error.name === 'AbortError' ? `no answer in ${PROBE_TIME_LIMIT / 1000} s` : error.message;
      reject(new Error(`${url.host} cannot be reached: ${reason}`));
    });
    request.end();
  });
}

/** The package's own way: libtensorflow and a built addon, downloaded by its install script. */
async function installByItself(packageFolder, log) {
  const url = downloadHost();
  if (url.protocol === 'https:') await probe(url, packageFolder);
  log(`downloading libtensorflow from ${url.host}`);
  // An interrupted download leaves a library which the install script takes for a whole one.
  fs.rmSync(path.join(packageFolder, 'deps'), { recursive: true, force: true });
  await run('npm', ['run', 'install'], { cwd: packageFolder });
}

module.exports = { installByItself };
