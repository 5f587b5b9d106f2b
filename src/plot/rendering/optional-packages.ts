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

export const OPTIONAL_PACKAGES: { [Name in keyof OptionalPackages]: () => Promise<OptionalPackages[Name]> } = {
  vega: () => import('vega'),
  'vega-lite': () => import('vega-lite'),
  'vega-embed': () => import('vega-embed'),
  '@napi-rs/canvas': () => import(/* webpackIgnore: true */ /* @vite-ignore */ RASTERISER),
};
