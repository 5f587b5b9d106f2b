import { OPTIONAL_PACKAGES, type OptionalPackages } from './optional-packages.js';

/**
 * Loads packages that a user installs only to draw.
 *
 * @throws Error that names what to install.
 */
export async function loadPackages<Name extends keyof OptionalPackages>(
  where: string,
  names: readonly Name[],
): Promise<Pick<OptionalPackages, Name>> {
  const outcomes = await Promise.allSettled(names.map((name) => OPTIONAL_PACKAGES[name]()));
  const missing = names.filter((_, n) => outcomes[n]?.status === 'rejected');
  if (missing.length > 0) {
    const { reason } = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    const packages = missing.join(' and ');
    throw new Error(`${where}: ${packages} must be installed: npm install ${missing.join(' ')}`, { cause: reason });
  }
  const loaded = names.map((name, n) => [name, (outcomes[n] as PromiseFulfilledResult<unknown>).value]);
  return Object.fromEntries(loaded);
}
