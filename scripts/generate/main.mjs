// The sources that are made of others, and are not committed.
import { writeReportPage } from './report-page.mjs';
import { writeWasmBinaries } from './wasm-binaries.mjs';
import { writeWorkerScript } from './worker-script.mjs';

await writeWasmBinaries();
await writeReportPage();
await writeWorkerScript();
