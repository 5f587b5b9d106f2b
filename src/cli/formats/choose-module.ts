import { UserError } from '../user-error.js';
import { type OpenedFile, SELECTORS, type Selector, type StoredModule, type WeightsFile } from './file-format.js';

/** Which module of a file of weights is meant. Needed only where there are several. */
export type Selection = { [selector in Selector]?: string | undefined };

/** @throws UserError for an option that is for files of another kind. */
export function requireFitting(path: string, file: OpenedFile, selection: Selection): void {
  for (const selector of SELECTORS) {
    if (selection[selector] === undefined) continue;
    if (file.kind === 'model')
      throw new UserError(`--${selector} is for files of weights, but '${path}' is a whole model`);
    if (selector === file.selector) continue;
    const instead = file.selector === null ? '' : `; choose by --${file.selector}`;
    throw new UserError(`--${selector} is for other formats than '${path}', a ${file.format}${instead}`);
  }
}

/**
 * The module that is meant: of that name, or the only one whose name begins so; without a selection, the only one.
 *
 * @throws UserError that lists the modules there are.
 */
export function chooseModule(path: string, file: WeightsFile, selection: Selection): StoredModule {
  requireFitting(path, file, selection);
  const { modules, selector, refusal } = file;
  if (refusal !== null) throw new UserError(`'${path}' ${refusal}`);
  if (modules.length === 0) throw new UserError(`'${path}' has no LSTM`);
  const wanted = selector === null ? undefined : selection[selector];
  const found = wanted === undefined ? modules : modulesNamed(modules, wanted);
  const [only] = found;
  if (found.length === 1) return only as StoredModule;
  const listed = (found.length === 0 ? modules : found).map(({ name }) => `'${name}'`).join(', ');
  if (wanted === undefined) {
    throw new UserError(`'${path}' has ${modules.length} LSTMs; choose one by --${selector}: ${listed}`);
  }
  const fault =
    found.length === 0 ? `has no LSTM '${wanted}'` : `has ${found.length} LSTMs that begin with '${wanted}'`;
  throw new UserError(`'${path}' ${fault}; there are ${listed}`);
}

function modulesNamed(modules: readonly StoredModule[], wanted: string): StoredModule[] {
  const isSo = (test: (name: string) => boolean) => modules.filter(({ name }) => test(name));
  // The last part of a node's path is its name.
  const exact = isSo((name) => name === wanted || name === `${wanted}.` || name.endsWith(` > ${wanted}`));
  return exact.length > 0 ? exact : isSo((name) => name.startsWith(wanted));
}
