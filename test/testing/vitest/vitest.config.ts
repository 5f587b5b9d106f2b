import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/testing/vitest/*.vitest.ts'], pool: 'threads', testTimeout: 60_000 },
  resolve: {
    alias: [
      { find: /^explicit-lstm\/testing\/(\w+)$/, replacement: `${process.cwd()}/src/testing/$1.ts` },
      { find: /^explicit-lstm\/(\w+)$/, replacement: `${process.cwd()}/src/$1/index.ts` },
      { find: /^explicit-lstm$/, replacement: `${process.cwd()}/src/index.ts` },
    ],
  },
});
