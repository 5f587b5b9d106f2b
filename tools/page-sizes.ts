import { pageSize } from './page-size.js';

/** What a page may import, and what it is called in the docs. */
const IMPORTS: [string, string][] = [
  ['lstm', "export { lstm } from './src/index.js'"],
  ['lstm and all variants', "export { lstm } from './src/index.js'; export * from './src/variants/index.js'"],
  ['gateStatistics', "export { gateStatistics } from './src/inspect/index.js'"],
  ['gateHeatmap', "export { gateHeatmap } from './src/plot/index.js'"],
  ['inspectionReport', "export { inspectionReport } from './src/report/index.js'"],
];

// Prints by how much each makes a page larger: first where the bundler splits code, without what is loaded only on webgpu; then in one file.
for (const [name, contents] of IMPORTS) {
  const sizes = [await pageSize(contents), await pageSize(contents, { splits: false })];
  console.log(`${name.padEnd(24)} ${sizes.map((bytes) => `${(bytes / 1000).toFixed(0)} kB`).join('  ')}`);
}
