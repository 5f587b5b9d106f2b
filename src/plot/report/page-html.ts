import type { ReportData } from '../page/report-data.js';
import { escapeHtml, escapeJson } from './escape.js';
import { explained, glossary } from './glossary.js';
import { PAGE_SCRIPT, PAGE_SCRIPT_HASH } from './page-script.js';
import { STYLE } from './style.js';

/** What of a report is already HTML. */
export interface ReportParts {
  title: string;
  summary: string;
  outputs: string;
  findings: string;
  layers: string;
  /** What the pictures show, and what they leave out. */
  drawn: string;
  data: ReportData;
}

/** Nothing is loaded from anywhere, and no script runs but the report's own. */
const POLICY = `default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; script-src '${PAGE_SCRIPT_HASH}'; base-uri 'none'; form-action 'none'`;

/** The whole page. */
export function pageHtml({ title, summary, outputs, findings, layers, drawn, data }: ReportParts): string {
  const isDrawn = data.layers.length > 0;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><h1>${escapeHtml(title)}</h1>${summary}</header>
<div id="explorer">
${isDrawn ? CONTROLS : ''}
<div class="columns-of-page">
${isDrawn ? pictures(drawn) : ''}
<div class="beside">
${isDrawn ? READOUT : ''}
${isDrawn ? tools(data.isLive) : ''}
<section class="outputs-part" aria-labelledby="outputs-title"><h2 id="outputs-title">What the model did</h2>${outputs}</section>
<section class="findings-part" aria-labelledby="findings-title"><h2 id="findings-title">Findings</h2>${findings}</section>
</div>
</div>
</div>
<section aria-labelledby="layers-title"><h2 id="layers-title">Layer by layer</h2>${layers}</section>
${glossary()}
</main>
<script type="application/json" id="data">${escapeJson(data)}</script>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

const CONTROLS = `<form class="controls" aria-label="What is shown" autocomplete="off">
<div><label for="layer">layer</label><select id="layer"></select></div>
<div><label for="sample">sample</label><select id="sample"></select></div>
<div><label for="quantity">gate or state</label>${explained('gate')}<select id="quantity"></select></div>
<div><label for="unit">unit</label>${explained('unit')}<select id="unit"></select></div>
<div><label for="sorting">order of units</label>${explained('saturation')}<select id="sorting">
<option value="index">by number</option><option value="saturation">most saturated first</option><option value="activity">most active first</option>
</select></div>
<div class="switches"><label><input type="checkbox" id="all-layers"> all layers</label><label><input type="checkbox" id="stretched"> stretch colours</label></div>
</form>`;

function pictures(drawn: string): string {
  return `<section id="pictures" aria-label="Step by step">
<noscript><p>The pictures need JavaScript.</p></noscript>
<div id="text" role="listbox" tabindex="0" aria-multiselectable="true" aria-label="The input, coloured by the chosen unit" aria-describedby="keys"></div>
<div id="series"></div>
<div id="losses"></div>
<svg class="patterns" width="0" height="0" aria-hidden="true"><defs><pattern id="hatched" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="8" height="8" class="hatching-back"/><line x1="0" y1="0" x2="0" y2="8" class="hatching"/></pattern></defs></svg>
<div id="maps"></div>
<div id="legend"></div>
<div class="pin-row"><button type="button" id="pin">pin unit</button> <span id="pins"></span><span class="save">save <button type="button" id="save-png">PNG</button><button type="button" id="save-svg">SVG</button><button type="button" id="save-csv">CSV</button></span></div>
<div id="timeline" tabindex="0" role="application" aria-roledescription="timelines" aria-label="All gates and states of the chosen and the pinned units over time" aria-describedby="keys"></div>
<p class="quiet" id="keys">Point, click or drag in any picture. On the keyboard: arrows move through steps and units, Page Up and Page Down by ten steps, Home and End to the ends; Shift selects a span; P pins a unit. Masked steps ${explained('masked')} are hatched, what is not finite is red.</p>
<p class="quiet">${drawn}</p>
</section>`;
}

const READOUT = `<section id="readout" aria-label="At this step">
<output id="place" for="layer sample quantity unit"></output>
<div class="scroll"><table id="numbers"></table></div>
<div id="predictions"></div>
</section>`;

const SEARCH = `<details class="tool" id="search"><summary>Search</summary>
<p class="quiet" id="search-about"></p>
<p><label>on is above <input type="number" id="threshold" step="any" value="0.3"></label> ${explained('on')}</p>
<p><button type="button" id="find-units">which units respond here?</button><br><button type="button" id="find-steps">where else are these units on?</button><br><button type="button" id="find-snippets">where is the unit largest?</button></p>
<div id="found" aria-live="polite"></div>
</details>`;

const LIVE = `<p>Hold <select id="held" aria-label="gate or state to hold"></select> of unit <b id="edited-units"></b> at <input type="number" id="held-at" step="any" value="0" aria-label="value"></p>
<p><button type="button" id="edit">run the model so</button></p>
<p class="quiet" id="edit-told" aria-live="polite"></p>
<div id="edited"></div>`;

const NOT_LIVE = `<p class="quiet">This needs the model, which a file does not have. A page that has TensorFlow.js and the model shows this report with it:</p>
<pre>import { showReport } from 'explicit-lstm/report';
await showReport(model, { inputs, labels }, element);</pre>`;

/** Search, and what needs the model. */
function tools(isLive: boolean): string {
  return `<section class="tools" aria-label="Tools">${SEARCH}
<details class="tool" id="live"${isLive ? ' open' : ''}><summary>Edit a gate, silence a unit</summary>${isLive ? LIVE : NOT_LIVE}</details></section>`;
}
