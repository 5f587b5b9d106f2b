import { amount, percent, shortNumber } from '../../inspect/words.js';
import { addressOf } from '../page/address.js';
import { visibleLabel } from '../rows/time-labels.js';
import { escapeHtml } from './escape.js';
import { explained } from './glossary.js';
import { largestOfEach, type ModelOutput, type ModelOutputs } from './report-outputs.js';

const MOST_LISTED = 5;

interface Drawn {
  /** Of all samples. */
  sampleNames: readonly string[];
  /** So many are drawn, the first ones; others are named without a link. */
  samples: number;
  /** By sample; empty without labels along time. */
  timeLabels: readonly (readonly string[])[];
  classNames: readonly string[] | null;
}

/** How well the model did: its loss, how often it was right, and the samples and steps that were hardest for it. */
export function outputsSection({ outputs, notKnown }: ModelOutputs, drawn: Drawn): string {
  const parts = outputs.map((output) => {
    const title = outputs.length > 1 ? `<h3>${escapeHtml(output.name)}</h3>` : '';
    return `${title}${howWell(output)}${hardest(output, drawn)}`;
  });
  const left = notKnown.map((sentence) => `<p class="quiet">${escapeHtml(sentence)}</p>`);
  return [...parts, ...left].join('');
}

function howWell({ kind, losses, targets, values, width }: ModelOutput): string {
  const sentences: string[] = [];
  if (losses !== null) sentences.push(`Loss${explained('loss')} ${shortNumber(mean(losses))} on average.`);
  if (kind === 'classes' && targets !== null) {
    const predicted = largestOfEach(values, width);
    const right = predicted.filter((one, place) => one === targets[place]).length;
    sentences.push(`${percent(right / predicted.length)} of ${amount(predicted.length, 'prediction')} are right.`);
  }
  return sentences.length === 0 ? '' : `<p>${sentences.join(' ')}</p>`;
}

function hardest(output: ModelOutput, drawn: Drawn): string {
  const { losses, samples, places, isPerStep } = output;
  if (losses === null) return '';
  const ofSample = Array.from({ length: samples }, (_, sample) => {
    return mean(Array.prototype.slice.call(losses, sample * places, (sample + 1) * places));
  });
  const bySample = ranked(ofSample).map((sample) => {
    const name = escapeHtml(sampleText(drawn.sampleNames[sample] as string));
    const link = sample < drawn.samples ? `<a href="#${escapeHtml(addressOf({ sample }))}">${name}</a>` : name;
    return `${link} <span class="quiet">(loss ${shortNumber(ofSample[sample] as number)})</span>`;
  });
  const parts = samples > 1 ? [`<p>Hardest samples: ${bySample.join(', ')}</p>`] : [];
  if (isPerStep) {
    const ofDrawn = Array.from({ length: drawn.samples * places }, (_, place) => losses[place] as number);
    const items = ranked(ofDrawn).map((place) => `<li>${stepLine(output, drawn, place)}</li>`);
    parts.push(`<p>Hardest steps:</p><ol class="hardest">${items.join('')}</ol>`);
  }
  return parts.join('');
}

function stepLine(output: ModelOutput, { sampleNames, timeLabels, classNames }: Drawn, place: number): string {
  const { places, kind, width, values, targets, losses } = output;
  const [sample, timestep] = [Math.floor(place / places), place % places];
  const labels = timeLabels[sample];
  const before = labels
    ?.slice(Math.max(0, timestep - 9), timestep + 1)
    .map(visibleLabel)
    .join('');
  const where = `step ${timestep}${sampleNames.length > 1 ? ` of ${sampleText(sampleNames[sample] as string)}` : ''}`;
  const text = before === undefined ? where : `…${before}`;
  const link = `<a href="#${escapeHtml(addressOf({ sample, timestep }))}" title="${escapeHtml(where)}">${escapeHtml(text)}</a>`;
  const loss = `<span class="quiet">(loss ${shortNumber((losses as ArrayLike<number>)[place] as number)})</span>`;
  if (targets === null) return `${link} ${loss}`;
  const row = Array.prototype.slice.call(values, place * width, (place + 1) * width) as number[];
  // Names of something else are no names of these classes.
  const names = classNames?.length === width ? classNames : null;
  const name = (index: number) => {
    const given = names?.[index];
    return given === undefined ? `class ${index}` : `“${visibleLabel(given)}”`;
  };
  const [told, right] =
    kind === 'classes'
      ? [name(largestOfEach(row, width)[0] as number), name(targets[place] as number)]
      : [shortNumber(row[0] as number), shortNumber(targets[place * width] as number)];
  return `${link} → ${escapeHtml(told)}, not ${escapeHtml(right)} ${loss}`;
}

/** A sample without a name has a number. */
function sampleText(name: string): string {
  return /^\d+$/.test(name) ? `sample ${name}` : name;
}

/** The places of the largest values. */
function ranked(values: readonly number[]): number[] {
  const places = values.map((_, place) => place).filter((place) => Number.isFinite(values[place]));
  return places.sort((a, b) => (values[b] as number) - (values[a] as number) || a - b).slice(0, MOST_LISTED);
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let n = 0; n < values.length; n++) sum += values[n] as number;
  return sum / values.length;
}
