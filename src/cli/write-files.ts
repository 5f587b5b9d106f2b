import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, UserError } from './user-error.js';

/**
 * Checks that files can be written, before anything is computed for them.
 *
 * @param what What they are, for errors: `the report`.
 * @param force Whether files that are there may be replaced.
 * @throws UserError
 */
export function requirePlaceFor(what: string, path: string, force: boolean): void {
  const fail = (reason: string) => new UserError(`${what} '${path}' cannot be written: ${reason}`);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw fail('it is a folder');
  if (found !== undefined && !force) throw fail('it is there already; --force replaces it');
  const folder = dirname(path);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw fail(`there is no folder '${folder}'`);
}

/**
 * Writes files one after the other, so that none is ever there in part: each is written beside its place first.
 *
 * @param files The contents by path. Each file's folder is made, but not what that is in.
 * @throws UserError
 */
export function writeFiles(what: string, files: ReadonlyMap<string, string | Uint8Array>): void {
  const parts = new Map([...files.keys()].map((path) => [path, `${path}.${process.pid}.part`]));
  let current = '';
  try {
    for (const [path, contents] of files) {
      current = path;
      const folder = dirname(path);
      if (statSync(folder, { throwIfNoEntry: false }) === undefined) mkdirSync(folder);
      writeFileSync(parts.get(path) as string, contents, { flag: 'wx' });
    }
    for (const [path, part] of parts) {
      current = path;
      renameSync(part, path);
    }
  } catch (cause) {
    for (const part of parts.values()) rmSync(part, { force: true });
    throw new UserError(`${what} '${current}' cannot be written: ${messageOf(cause)}`, { cause });
  }
}
