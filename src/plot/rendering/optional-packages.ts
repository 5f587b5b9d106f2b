// The package builds CommonJS too, where `import()` must stay what it is: these packages are ES modules. See
// scripts/build.mjs. Their types are in no public declaration, as they need not be installed.

/** What pictures are drawn with, none of it needed to make a specification. */
export interface OptionalPackages {
  vega: typeof import('vega');
  'vega-lite': typeof import('vega-lite');
  'vega-embed': typeof import('vega-embed');
  '@napi-rs/canvas': typeof import('@napi-rs/canvas');
}

/** By a name that bundlers of pages do not follow: what is behind it runs in Node alone. */
const RASTERISER: string = '@napi-rs/canvas';

/**
 * Each `import()` awaited within `try`: by that a bundler knows that the package may be missing, and leaves the error to
 * the page that draws; where it is installed, it is bundled.
 */
export const OPTIONAL_PACKAGES: { [Name in keyof OptionalPackages]: () => Promise<OptionalPackages[Name]> } = {
  async vega() {
    try {
      return await import('vega');
    } catch (cause) {
      throw notInstalled('vega', cause);
    }
  },
  async 'vega-lite'() {
    try {
      return await import('vega-lite');
    } catch (cause) {
      throw notInstalled('vega-lite', cause);
    }
  },
  async 'vega-embed'() {
    try {
      return await import('vega-embed');
    } catch (cause) {
      throw notInstalled('vega-embed', cause);
    }
  },
  '@napi-rs/canvas': () => import(/* webpackIgnore: true */ /* @vite-ignore */ RASTERISER),
};

function notInstalled(name: string, cause: unknown): Error {
  return new Error(`${name} could not be loaded`, { cause });
}
