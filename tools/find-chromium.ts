import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const OTHER_PLACES = [
  '/snap/bin/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @throws Error when there is no Chromium: a browser that is missing is never passed over in silence. */
export function findChromium(): string {
  const chosen = process.env.CHROMIUM;
  if (chosen) {
    if (isExecutable(chosen)) return chosen;
    throw new Error(`findChromium: CHROMIUM must name an executable, got ${chosen}`);
  }
  const folders = (process.env.PATH ?? '').split(delimiter);
  const inPath = COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command)));
  const found = [...inPath, ...OTHER_PLACES].find(isExecutable);
  if (!found) {
    throw new Error('findChromium: no Chromium or Chrome found; install one (Debian: chromium) or set CHROMIUM to it');
  }
  return found;
}
