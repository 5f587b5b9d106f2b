import { SATURATED } from '../../inspect/words.js';
import type { ReportData } from '../page/report-data.js';
import { escapeHtml, escapeJson } from './escape.js';
import { PAGE_SCRIPT, PAGE_SCRIPT_HASH } from './page-script.js';
import { STYLE } from './style.js';

/** What of a report is already HTML. */
export interface ReportParts {
  title: string;
  summary: string;
  findings: string;
  layers: string;
  /** What the pictures show, and what they leave out. */
  drawn: string;
  data: ReportData;
}

/** Nothing is loaded from anywhere, and no script runs but the report's own. */
const POLICY = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src '${PAGE_SCRIPT_HASH}'; base-uri 'none'; form-action 'none'`;

/** The whole page. */
export function pageHtml({ title, summary, findings, layers, drawn, data }: ReportParts): string {
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
<section aria-labelledby="findings-title"><h2 id="findings-title">Findings</h2>${findings}</section>
<section aria-labelledby="layers-title"><h2 id="layers-title">Layer by layer</h2>${layers}</section>
${data.layers.length === 0 ? '' : explorer(drawn)}
</main>
<script type="application/json" id="data">${escapeJson(data)}</script>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function explorer(drawn: string): string {
  return `<section id="explorer" aria-labelledby="explorer-title">
<h2 id="explorer-title">Step by step</h2>
<p class="quiet">${drawn}</p>
<noscript><p>This part needs JavaScript.</p></noscript>
<div class="controls">
<div><label for="layer">layer</label><select id="layer"></select></div>
<div><label for="sample">sample</label><select id="sample"></select></div>
<div><label for="quantity">gate or state</label><select id="quantity"></select></div>
<div><label for="sorting">order of the units</label><select id="sorting">
<option value="index">by number</option><option value="saturation">most saturated first</option><option value="activity">most active first</option>
</select></div>
<div><label for="unit">unit</label><select id="unit"></select></div>
<div class="wide"><label for="timestep">timestep</label><input type="range" id="timestep" min="0" max="0" value="0"></div>
</div>
<div id="text" role="listbox" tabindex="0" aria-label="The input, coloured by the chosen unit; left and right move in time"></div>
<div id="legend" aria-hidden="true"></div>
<output id="readout" for="layer sample quantity unit timestep"></output>
<div id="chart">
<div class="grid"><div class="side">units</div><div id="map">
<canvas id="heatmap" tabindex="0" role="img" aria-label="Every unit over time, one row per unit; arrow keys move through time and units"></canvas>
<svg id="heatmap-overlay" aria-hidden="true"><defs><pattern id="hatched" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="8" height="8" class="hatching-back"/><line x1="0" y1="0" x2="0" y2="8" class="hatching"/></pattern></defs></svg>
</div></div>
<div class="grid"><div></div><div id="ends"></div></div>
<div id="timeline"></div>
</div>
<p class="quiet">Click a tile, or use the arrow keys on it: the row is a unit, the column a timestep. Masked steps are grey; values that are not finite are red. Dashed lines at ${SATURATED.low} and ${SATURATED.high}: beyond them a gate is saturated.</p>
</section>`;
}
