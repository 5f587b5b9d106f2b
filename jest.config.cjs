// TensorFlow reads this from the real environment; the one that tests see is Jest's copy.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';

module.exports = {
  // A path, as the mutation tool asks for it itself, without Jest's names of folders.
  testEnvironment: require.resolve('./test/support/node-environment.cjs'),
  setupFiles: ['<rootDir>/test/support/set-up-tfjs.ts'],
  roots: ['<rootDir>/test', '<rootDir>/examples'],
  maxWorkers: 2,
  // Some take four seconds, and many times as long on a machine that is busy with other things.
  testTimeout: 60_000,
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // ES modules only, which Jest does not load; but their scripts for pages load anywhere.
    '^(vega|vega-lite|vega-embed)$': '<rootDir>/node_modules/$1/build/$1.min.js',
    '^explicit-lstm$': '<rootDir>/src/index.ts',
    '^explicit-lstm/testing/(jest|jest-globals|vitest)$': '<rootDir>/src/testing/$1.ts',
    '^explicit-lstm/(\\w+)$': '<rootDir>/src/$1/index.ts',
  },
  transform: {
    '^.+\\.ts$': [
      'ts-jest',
      {
        tsconfig: {
          module: 'CommonJS',
          moduleResolution: 'Bundler',
          verbatimModuleSyntax: false,
          isolatedModules: true,
        },
      },
    ],
  },
};
