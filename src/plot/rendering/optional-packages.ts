// The package builds CommonJS too, where `import()` must stay what it is: these packages are ES modules. See
// scripts/build.mjs. Their types are not in any public declaration, as they need not be installed.

/** What pictures are drawn with, none of it needed to make a specification. */
export const OPTIONAL_PACKAGES = {
  vega: () => import('vega'),
  'vega-lite': () => import('vega-lite'),
  'vega-embed': () => import('vega-embed'),
  '@resvg/resvg-js': () => import('@resvg/resvg-js'),
};

export type OptionalPackages = {
  [Name in keyof typeof OPTIONAL_PACKAGES]: Awaited<ReturnType<(typeof OPTIONAL_PACKAGES)[Name]>>;
};
