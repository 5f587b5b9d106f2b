#!/usr/bin/env node
import { readFileSync } from 'node:fs';

// A reader such as `head` may stop reading early, which is no error.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 2));

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

async function load(): Promise<typeof import('./main.js')> {
  try {
    return await import('./main.js');
  } catch (error) {
    // The rest of the message names the importer, which may be tfjs itself, missing a package of its own.
    const [, missing] = /^Cannot find (?:package|module) '([^']*)'/.exec((error as Error).message) ?? [];
    const isPeer = missing === '@tensorflow/tfjs';
    console.error(isPeer ? 'error: @tensorflow/tfjs is missing: npm install @tensorflow/tfjs' : error);
    process.exit(2);
  }
}

const { main } = await load();
process.exitCode = await main(process.argv.slice(2), version, {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
  isInteractive: process.stderr.isTTY === true,
});
