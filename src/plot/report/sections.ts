import type { Finding } from '../../inspect/diagnose/finding.js';
import type { FlowStatistics } from '../../inspect/gradient/flow-types.js';
import type { GateStatistics } from '../../inspect/statistics/statistics-types.js';
import { lowerMedian, unitList } from '../../inspect/words.js';
import { QUANTITY_TITLES } from '../data/quantity-view.js';
import { flowChart, horizonChart, saturationChart } from './charts.js';
import { escapeHtml } from './escape.js';

/** What a report says of one LSTM. */
export interface LayerSummary {
  title: string;
  timesteps: number;
  statistics: GateStatistics;
  flow: FlowStatistics | null;
}

const GATES = ['i', 'f', 'o'] as const;

/** The findings of `diagnose`, the gravest first. */
export function findingsSection(findings: readonly Finding[], gradientProblem: string | null): string {
  const ofGradient =
    gradientProblem === null
      ? ''
      : `<p class="quiet">The gradient could not be followed: ${escapeHtml(gradientProblem)}.</p>`;
  if (findings.length === 0) {
    return `<p>Nothing found: gates move, memory lasts, and all values are finite.</p>${ofGradient}`;
  }
  const items = findings.map((finding) => {
    const { severity, kind, layerName, direction, cell, message, remedy } = finding;
    const place = [layerName, direction === 'backward' && 'backward', cell > 0 && `cell ${cell}`].filter(Boolean);
    const evidence = Object.entries(finding.evidence).map(([name, value]) => `${name} ${value}`);
    return [
      `<li class="${escapeHtml(severity)}"><span class="severity">${escapeHtml(severity)}: ${escapeHtml(kind)}</span>`,
      place.length === 0 ? '' : ` in <b>${escapeHtml(place.join(', '))}</b>`,
      `<p>${escapeHtml(message)}</p>`,
      `<p class="quiet">Evidence: ${escapeHtml(evidence.join(', '))}.</p>`,
      `<p>Try: ${escapeHtml(remedy)}</p></li>`,
    ].join('');
  });
  return `<ol class="findings">${items.join('')}</ol>${ofGradient}`;
}

/** One LSTM: in words first, then its pictures. */
export function layerSection(layer: LayerSummary, stuckFraction: number): string {
  const heading = `<summary><h3>${escapeHtml(layer.title)}</h3></summary>`;
  return `<details open>${heading}${layerContent(layer, stuckFraction)}</details>`;
}

function layerContent(layer: LayerSummary, stuckFraction: number): string {
  const { timesteps, statistics, flow } = layer;
  const { units, validSteps, activation, recurrentActivation, low, high } = statistics;
  const facts = `${units} units, ${timesteps} timesteps, ${validSteps} valid steps over all samples; gates ${recurrentActivation}, states ${activation}.`;
  if (validSteps === 0) return `<p>${escapeHtml(facts)} There is nothing to see.</p>`;
  const caption = `A dot a unit: how often its gate is below ${low} (closed) and above ${high} (open). Beyond the dashed lines it is stuck.`;
  const charts = GATES.map((gate) => figure(saturationChart(statistics, gate, stuckFraction), QUANTITY_TITLES[gate]));
  const horizon = figure(
    horizonChart(statistics, timesteps),
    'Memory horizon: after how many timesteps a cell has kept 1/e of its content. Dashed: the length of the sequences.',
  );
  const gradient =
    flow === null
      ? ''
      : figure(flowChart(flow), 'Gradient of the loss with respect to h and c, over time, on a logarithmic scale.');
  return [
    `<p class="quiet">${escapeHtml(facts)}</p>`,
    gateTable(statistics, stuckFraction),
    `<p>${escapeHtml(horizonSentence(statistics, timesteps))}</p>`,
    flow === null ? '' : `<p>Gradient: ${escapeHtml(flow.sentence)} (${escapeHtml(flow.verdict ?? 'no verdict')}).</p>`,
    `<div class="charts">${charts.join('')}${horizon}${gradient}</div><p class="quiet">${escapeHtml(caption)}</p>`,
  ].join('\n');
}

function gateTable(statistics: GateStatistics, stuckFraction: number): string {
  const rows = GATES.map((gate) => {
    const { mean, std, leftSaturated, rightSaturated } = statistics[gate];
    const [closed, open] = [leftSaturated, rightSaturated].map((fractions) => stuckUnits(fractions, stuckFraction));
    const moves = mean === null ? 'no finite value' : `${mean.toFixed(3)} ± ${(std as number).toFixed(3)}`;
    return `<tr><th scope="row">${QUANTITY_TITLES[gate]}</th><td class="number">${moves}</td><td>${closed}</td><td>${open}</td></tr>`;
  });
  const percent = Number((100 * stuckFraction).toPrecision(4));
  const head = `<tr><th scope="col">gate</th><th scope="col">mean ± std</th><th scope="col">closed at over ${percent} % of the steps</th><th scope="col">open at over ${percent} %</th></tr>`;
  return `<div class="scroll"><table><thead>${head}</thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function stuckUnits(fractions: (number | null)[], stuckFraction: number): string {
  const units = fractions.flatMap((fraction, unit) => (fraction !== null && fraction > stuckFraction ? [unit] : []));
  return units.length === 0 ? 'none' : unitList(units, fractions.length);
}

function horizonSentence({ memoryHorizon }: GateStatistics, timesteps: number): string {
  const known = memoryHorizon.filter((horizon) => horizon !== null).sort((a, b) => a - b);
  if (known.length === 0) return 'Memory horizon: infinite or undefined in every unit.';
  const short = (value: number) => Number(value.toPrecision(3));
  const median = short(lowerMedian(known) as number);
  const zeros = known.filter((horizon) => horizon === 0).length;
  const emptied = zeros === 0 ? '' : ` The horizon of ${zeros} is 0, as their gate was exactly 0 at some step.`;
  const longer = known.filter((horizon) => horizon >= timesteps).length + memoryHorizon.length - known.length;
  return `Memory horizon: median ${median} of ${timesteps} timesteps, longest ${short(known.at(-1) as number)}; ${longer} of ${memoryHorizon.length} units remember the whole sequence.${emptied}`;
}

function figure(svg: string, caption: string): string {
  return svg === '' ? '' : `<figure>${svg}<figcaption>${escapeHtml(caption)}</figcaption></figure>`;
}
