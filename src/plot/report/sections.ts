import type { Finding } from '../../inspect/diagnose/finding.js';
import type { FlowStatistics } from '../../inspect/gradient/flow-types.js';
import {
  type GateStatistics,
  gateSummariesOf,
  memoryHorizonOf,
  whyNoHorizon,
} from '../../inspect/statistics/layer-statistics.js';
import {
  amount,
  lstmName,
  medianHorizon,
  percentLimit,
  quantityTitle,
  shortNumber,
  unitList,
} from '../../inspect/words.js';
import { flowChart, horizonChart, retainedChart, saturationChart } from './charts.js';
import { escapeHtml } from './escape.js';

/** What a report says of one LSTM. */
export interface LayerSummary {
  title: string;
  timesteps: number;
  statistics: GateStatistics;
  flow: FlowStatistics | null;
}

/**
 * The findings of `diagnose`, most serious first.
 *
 * @param omissions What could not be computed, a sentence each.
 */
export function findingsSection(findings: readonly Finding[] | null, omissions: readonly string[]): string {
  const leftOut = omissions.map((sentence) => `<p class="quiet">${escapeHtml(sentence)}</p>`).join('');
  if (findings === null) return leftOut;
  if (findings.length === 0) return `<p>Nothing was found.</p>${leftOut}`;
  const items = findings.map((finding) => {
    const { severity, kind, layerName, direction, cell, message, remedy } = finding;
    const evidence = Object.entries(finding.evidence).map(([name, value]) => `${name} ${value}`);
    return [
      `<li class="${escapeHtml(severity)}"><span class="severity">${escapeHtml(severity)}: ${escapeHtml(kind)}</span>`,
      layerName === null ? '' : ` in <b>${escapeHtml(lstmName({ layerName, direction, cell }))}</b>`,
      `<p>${escapeHtml(message)}</p>`,
      `<p class="quiet">Evidence: ${escapeHtml(evidence.join(', '))}.</p>`,
      `<p>Try: ${escapeHtml(remedy)}</p></li>`,
    ].join('');
  });
  return `<ol class="findings">${items.join('')}</ol>${leftOut}`;
}

/** One LSTM: in words first, then its pictures. */
export function layerSection(layer: LayerSummary, stuckFraction: number): string {
  const heading = `<summary><h3>${escapeHtml(layer.title)}</h3></summary>`;
  return `<details open>${heading}${layerContent(layer, stuckFraction)}</details>`;
}

function layerContent(layer: LayerSummary, stuckFraction: number): string {
  const { timesteps, statistics, flow } = layer;
  const { units, validSteps, activation, recurrentActivation, low, high } = statistics;
  const facts = `${amount(units, 'unit')}, ${amount(timesteps, 'timestep')}, ${amount(validSteps, 'valid step')} over all samples; gates ${recurrentActivation}, states ${activation}.`;
  if (validSteps === 0) return `<p>${escapeHtml(facts)} There is nothing to see.</p>`;
  const caption = `One dot per unit: how often its gate is below ${low} (closed) and above ${high} (open). Beyond the dashed lines it is stuck.`;
  const charts = gateSummariesOf(statistics).map(([gate, summary]) =>
    figure(saturationChart(gate, summary, stuckFraction), quantityTitle(gate, 'gate')),
  );
  const horizon = figure(
    horizonChart(statistics, timesteps),
    'Memory horizon: the number of timesteps after which 1/e of the cell state is left. Dashed: the length of the sequences.',
  );
  const gradient =
    flow === null
      ? ''
      : figure(
          retainedChart(flow),
          'What is left of the gradient of the last loss term on its way back through time, on a logarithmic scale.',
        ) + figure(flowChart(flow), 'Gradient of the loss with respect to h and c, over time, on a logarithmic scale.');
  return [
    `<p class="quiet">${escapeHtml(facts)}</p>`,
    gateTable(statistics, stuckFraction),
    `<p>${escapeHtml(horizonSentence(statistics, timesteps))}</p>`,
    flow === null ? '' : `<p>Gradient: ${escapeHtml(flow.sentence)} (${escapeHtml(flow.verdict ?? 'no verdict')}).</p>`,
    `<div class="charts">${charts.join('')}${horizon}${gradient}</div><p class="quiet">${escapeHtml(caption)}</p>`,
  ].join('\n');
}

function gateTable(statistics: GateStatistics, stuckFraction: number): string {
  const rows = gateSummariesOf(statistics).map(([gate, { mean, std, leftSaturated, rightSaturated }]) => {
    const closed = stuckUnits(leftSaturated, stuckFraction);
    const open = stuckUnits(rightSaturated, stuckFraction);
    const moves = mean === null ? 'no finite value' : `${mean.toFixed(3)} ± ${(std as number).toFixed(3)}`;
    return `<tr><th scope="row">${escapeHtml(quantityTitle(gate, 'gate'))}</th><td class="number">${moves}</td><td>${closed}</td><td>${open}</td></tr>`;
  });
  const limit = percentLimit(stuckFraction);
  const head = `<tr><th scope="col">gate</th><th scope="col">mean ± std</th><th scope="col">closed at over ${limit} of the steps</th><th scope="col">open at over ${limit} of the steps</th></tr>`;
  return `<div class="scroll"><table><thead>${head}</thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function stuckUnits(fractions: (number | null)[], stuckFraction: number): string {
  const units = fractions.flatMap((fraction, unit) => (fraction !== null && fraction > stuckFraction ? [unit] : []));
  return units.length === 0 ? 'none' : unitList(units, fractions.length);
}

function horizonSentence(statistics: GateStatistics, timesteps: number): string {
  const memoryHorizon = memoryHorizonOf(statistics);
  if (memoryHorizon === null) return `No memory horizon: ${whyNoHorizon(statistics)}.`;
  const known = memoryHorizon.filter((horizon) => horizon !== null);
  if (known.length === 0) return 'Memory horizon: infinite or undefined in every unit.';
  const median = medianHorizon(memoryHorizon);
  const longest = known.length < memoryHorizon.length ? 'infinite' : shortNumber(Math.max(...known));
  const zeros = known.filter((horizon) => horizon === 0).length;
  const emptied =
    zeros === 0 ? '' : ` The horizon of ${amount(zeros, 'unit')} is 0: the forget gate was exactly 0 at some step.`;
  const longer = memoryHorizon.filter((horizon) => horizon === null || horizon >= timesteps).length;
  const middle = median === null || median === undefined ? 'infinite' : shortNumber(median);
  return `Memory horizon: median ${middle} of ${amount(timesteps, 'timestep')}, longest ${longest}; ${longer} of ${amount(memoryHorizon.length, 'unit')} remember the whole sequence.${emptied}`;
}

function figure(svg: string, caption: string): string {
  return svg === '' ? '' : `<figure>${svg}<figcaption>${escapeHtml(caption)}</figcaption></figure>`;
}
