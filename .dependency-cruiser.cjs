/** Who may import whom: `npm run check` holds the sources to it, imports of types included. */
const ARROWS = {
  core: [],
  formats: [],
  host: ['core'],
  fused: ['core', 'formats', 'host'],
  sequence: ['core', 'host', 'fused'],
  layers: ['core', 'host', 'fused', 'sequence'],
  training: ['core', 'host', 'fused', 'sequence'],
  inspect: ['core', 'host', 'sequence', 'layers'],
  convert: ['core', 'formats', 'host', 'sequence', 'layers', 'training', 'variants'],
  plot: ['core', 'inspect'],
  report: ['plot'],
  variants: ['layers', 'sequence', 'fused', 'core', 'host'],
  testing: ['core', 'host', 'fused', 'sequence', 'layers', 'training', 'inspect', 'convert'],
};

/** Of these a room may know the types as well. */
const TYPES_ONLY = { inspect: ['fused'], plot: ['layers'] };

/** What is imported or run from outside, the report's page by a browser, a worker by its thread: whatever is not reached from here is dead. */
const ENTRIES =
  '^src/(index|(convert|inspect|plot|report|testing|variants)/index|testing/(jest|jest-globals|vitest)|cli/explicit-lstm|plot/page/main|fused/wasm/threads/worker)[.]ts$';

/** What runs in the report's page, where TensorFlow.js is not. */
const WITHOUT_TENSORFLOW =
  '^src/(plot/(page|rows)/|inspect/(words|search/(searched-sequence|find-[a-z]+))[.]ts|core/(quantities|errors)[.]ts)';

const anyOf = (rooms) => `^src/(${rooms.join('|')})/`;

const arrows = Object.entries(ARROWS).flatMap(([room, targets]) => {
  const types = TYPES_ONLY[room] ?? [];
  const from = { path: `^src/${room}/` };
  const rule = {
    name: `${room}-imports`,
    comment: `${room} imports ${targets.join(', ') || 'no other room'}`,
    severity: 'error',
    from,
    to: { path: '^src/', pathNot: anyOf([room, ...targets, ...types]) },
  };
  if (types.length === 0) return [rule];
  return [
    rule,
    {
      name: `${room}-imports-types`,
      comment: `of ${types.join(', ')} ${room} knows the types only`,
      severity: 'error',
      from,
      to: { path: anyOf(types), dependencyTypesNot: ['type-only'] },
    },
  ];
});

module.exports = {
  forbidden: [
    ...arrows,
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'page-without-tensorflow',
      comment: 'what runs in the page imports no TensorFlow.js, by no detour either',
      severity: 'error',
      from: { path: WITHOUT_TENSORFLOW },
      to: { path: '@tensorflow/', reachable: true },
    },
    {
      name: 'no-dead-module',
      comment: 'no entry point reaches it',
      severity: 'error',
      from: { path: ENTRIES },
      to: { path: '^src/', pathNot: [ENTRIES, '[.]d[.]ts$'], reachable: false },
    },
    {
      name: 'sources-import-sources',
      comment: 'src is what the package ships: it imports nothing else of this repository',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|tools|scripts|benchmarks|examples|fixtures)/' },
    },
    {
      name: 'no-development-package',
      comment:
        'who installs the package has its peers only; the command, and the files that inflate, carry what they need',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli/|formats/inflate[.]ts$|plot/report/packing[.]ts$)' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer', 'type-only'] },
    },
    { name: 'found', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/assembly/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
