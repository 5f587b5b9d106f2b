import type { FlowStatistics } from '../../inspect/gradient/flow-types.js';
import {
  type GateStatistics,
  gateSummariesOf,
  memoryHorizonOf,
  whyNoHorizon,
} from '../../inspect/statistics/layer-statistics.js';
import {
  amount,
  isWithinStep,
  medianHorizon,
  memoryWords,
  percentLimit,
  shortNumber,
  unitList,
} from '../../inspect/words.js';
import { flowChart, horizonChart, retainedChart, saturationChart } from './charts.js';
import { escapeHtml } from './escape.js';
import { explained } from './glossary.js';
import { type PlaceLinks, quantityLink } from './links.js';

/** What a report says of one LSTM. */
export interface LayerSummary {
  title: string;
  timesteps: number;
  statistics: GateStatistics;
  flow: FlowStatistics | null;
}

/** One LSTM: its key numbers in a line; behind it words first, then pictures. */
export function layerSection(layer: LayerSummary, stuckFraction: number, links: PlaceLinks): string {
  const heading = `<summary><h3>${escapeHtml(layer.title)}</h3> <span class="quiet">${escapeHtml(keyNumbers(layer))}</span></summary>`;
  return `<details class="layer">${heading}${layerContent(layer, stuckFraction, links)}</details>`;
}

function keyNumbers({ timesteps, statistics, flow }: LayerSummary): string {
  const numbers = [amount(statistics.units, 'unit')];
  const horizons = memoryHorizonOf(statistics);
  const median = horizons === null ? undefined : medianHorizon(horizons);
  if (statistics.validSteps > 0 && median !== undefined) {
    numbers.push(memoryWords(median, timesteps));
  }
  if (flow?.verdict != null) numbers.push(`gradient ${flow.verdict}`);
  return numbers.join(' · ');
}

function layerContent(layer: LayerSummary, stuckFraction: number, links: PlaceLinks): string {
  const { title, timesteps, statistics, flow } = layer;
  const { units, validSteps, activation, recurrentActivation, low, high } = statistics;
  const facts = `${amount(units, 'unit')}, ${amount(timesteps, 'timestep')}, ${amount(validSteps, 'valid step')} over all samples; gates ${recurrentActivation}, states ${activation}.`;
  if (validSteps === 0) return `<p>${escapeHtml(facts)} There is nothing to see.</p>`;
  const caption = `One dot per unit: how often its gate is below ${low} (closed) and above ${high} (open). Beyond the dashed lines it is stuck.`;
  const charts = gateSummariesOf(statistics).map(([gate, summary]) => {
    const chart = saturationChart(gate, summary, stuckFraction, {
      address: links.addressOf(title, { quantity: gate }),
      isDrawn: (unit) => links.addressOf(title, { unit }) !== null,
    });
    return figure(chart, quantityLink(links, title, gate, 'gate'));
  });
  const horizon = figure(
    horizonChart(statistics, timesteps),
    `Memory horizon${explained('horizon')}: the number of timesteps after which 1/e of the cell state is left. Dashed: the length of the sequences.`,
  );
  const gradient =
    flow === null
      ? ''
      : figure(
          retainedChart(flow),
          'What is left of the gradient of the last loss term on its way back through time, on a logarithmic scale.',
        ) +
        figure(
          flowChart(flow),
          `Gradient of the loss with respect to h and c${explained('gradient')}, over time, on a logarithmic scale.`,
        );
  const verdict = flow === null ? '' : ` (${escapeHtml(flow.verdict ?? 'no verdict')})`;
  return [
    `<p class="quiet">${escapeHtml(facts)}</p>`,
    gateTable(title, statistics, stuckFraction, links),
    `<p>${links.sentence(title, horizonSentence(statistics, timesteps))}</p>`,
    flow === null ? '' : `<p>Backwards: ${links.sentence(title, flow.sentence)}${verdict}.</p>`,
    `<p class="quiet">${escapeHtml(caption)} ${explained('saturation')}</p>`,
    `<div class="charts">${charts.join('')}${horizon}${gradient}</div>`,
  ].join('\n');
}

function gateTable(title: string, statistics: GateStatistics, stuckFraction: number, links: PlaceLinks): string {
  const rows = gateSummariesOf(statistics).map(([gate, { mean, std, leftSaturated, rightSaturated }]) => {
    const stuckAt = (fractions: (number | null)[]) => links.sentence(title, stuckUnits(fractions, stuckFraction), gate);
    const closed = stuckAt(leftSaturated);
    const open = stuckAt(rightSaturated);
    const moves = mean === null ? 'no finite value' : `${mean.toFixed(3)} ± ${(std as number).toFixed(3)}`;
    return `<tr><th scope="row">${quantityLink(links, title, gate, 'gate')}</th><td class="number">${moves}</td><td>${closed}</td><td>${open}</td></tr>`;
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
  const isShort = median != null && isWithinStep(median);
  const middle = median == null ? 'infinite' : isShort ? 'below 1' : shortNumber(median);
  const meaning = isShort ? ' (half of the units forget within a step)' : '';
  return `Memory horizon: median ${middle} of ${amount(timesteps, 'timestep')}${meaning}, longest ${longest}; ${longer} of ${amount(memoryHorizon.length, 'unit')} remember the whole sequence.${emptied}`;
}

/** @param caption HTML. */
function figure(svg: string, caption: string): string {
  return svg === '' ? '' : `<figure>${svg}<figcaption>${caption}</figcaption></figure>`;
}
