import { SATURATED } from '../../inspect/words.js';
import { escapeHtml } from './escape.js';

/** The words of a report that not everybody knows, and what they mean. */
const WORDS = {
  gate: [
    'Gate',
    'A number between 0 and 1 that a unit computes at every step, from the input and its last hidden state. It says how much passes: 0 is closed, 1 is open. An LSTM has three. The input gate i lets new content in, the forget gate f lets old content stay, and the output gate o shows the content. The candidate g, between -1 and 1, is the new content itself.',
  ],
  state: [
    'Cell state and hidden state',
    'The cell state c is what a unit remembers: c = f · c before + i · g. The hidden state h is what it shows to other units and layers: h = o · tanh(c).',
  ],
  saturation: [
    'Saturation',
    `A gate is saturated where it is nearly closed (below ${SATURATED.low}) or nearly open (above ${SATURATED.high}). It then hardly reacts to its input, and hardly any gradient passes through it. A gate that is saturated at nearly every step is stuck.`,
  ],
  horizon: [
    'Memory horizon',
    'How long a unit remembers: the number of steps after which 1/e, about a third, of the content of its cell is left, at the average of its forget gate. It is -1 / mean(ln f).',
  ],
  gradient: [
    'dL/dh and dL/dc',
    'How much the loss L would change if the hidden state h, or the cell state c, were a little larger at one step. Training follows these numbers. Where they fade on the way back through time, the model does not learn from what was long ago (vanishing gradient); where they grow, training is unstable (exploding gradient).',
  ],
  masked: [
    'Masked and valid steps',
    'A masked step is padding: the layer passes over it and keeps its states. It is hatched, and no statistic counts it. All other steps are valid.',
  ],
  loss: [
    'Loss',
    'How wrong a prediction is, as training measures it: 0 is perfect. Of probabilities it is mostly -ln(p), where p is the probability that the model gave to what was right: 0.7 for p = 0.5, 2.3 for p = 0.1.',
  ],
  on: [
    'On',
    'A unit is on at a step where its gate or state is above the threshold, or below it if the threshold is negative. A search goes over all samples of the page, at valid steps. What it finds is ranked by overlap: the steps that two sets share, divided by the steps that are in either; 1 is the same steps.',
  ],
  unit: [
    'Unit',
    'One of the cells of a layer. Each has its own gates and its own memory, and reads the hidden states of all units of its layer one step before.',
  ],
  colours: [
    'Colours',
    'Gates have one colour scale in every report, from 0 to 1, so that pictures can be compared. What has no bounds, such as c, is coloured from the 1st to the 99th percentile of its values if some are much larger than all others; below the picture it says how many are beyond. "Stretch colours" does the same with gates.',
  ],
} satisfies Record<string, [title: string, text: string]>;

export type Word = keyof typeof WORDS;

/** A small button that explains a word where it stands. */
export function explained(word: Word): string {
  const [title] = WORDS[word];
  return `<button type="button" class="what" popovertarget="word-${word}" aria-label="What is: ${escapeHtml(title)}?">?</button>`;
}

/** What the buttons show. A browser that knows no popovers shows it all, at the end of the page. */
export function glossary(): string {
  const words = Object.entries(WORDS).map(
    ([word, [title, text]]) =>
      `<div popover id="word-${word}" class="word" role="dialog" aria-labelledby="word-${word}-title"><h3 id="word-${word}-title">${escapeHtml(title)}</h3><p>${escapeHtml(text)}</p></div>`,
  );
  return `<section class="glossary" aria-label="Words">${words.join('')}</section>`;
}
