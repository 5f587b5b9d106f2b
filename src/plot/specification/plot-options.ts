import {
  A_STRING,
  AN_INTEGER,
  aNumber,
  checkOptions,
  listOf,
  type OptionRule,
  type OptionRules,
  oneOf,
} from '../../core/options.js';
import type { Theme } from '../rows/colours.js';
import type { TimeLabels } from '../rows/time-labels.js';

/** The options of every picture. */
export interface PlotOptions {
  /** The heading. Default: a description of what the picture shows. */
  title?: string;
  /** A white or a nearly black background. Default: 'light'. */
  theme?: Theme;
  /** Width of a panel, in pixels. Default: depends on the picture. */
  width?: number;
  /** Height of a panel, in pixels. Default: depends on the picture. */
  height?: number;
}

/** The options of pictures over time. */
export interface TimePlotOptions extends PlotOptions {
  /** One label for each timestep, such as the tokens of a text; they are written along the axis if there is room. */
  timeLabels?: TimeLabels;
  /** @deprecated Name of `timeLabels` until 0.1. */
  labels?: TimeLabels;
}

const PIXELS = aNumber('a positive number of pixels', (value) => value > 0 && value < Number.POSITIVE_INFINITY);

export const PLOT_RULES: OptionRules = {
  title: A_STRING,
  theme: oneOf('light', 'dark'),
  width: PIXELS,
  height: PIXELS,
};

export const TIME_LABELS: OptionRule = listOf('an array of strings or numbers', {
  must: 'a string or a number',
  holds: (value) => typeof value === 'string' || typeof value === 'number',
});

export const TIME_PLOT_RULES: OptionRules = { ...PLOT_RULES, timeLabels: TIME_LABELS, labels: TIME_LABELS };

/** Whether the sample exists can only be checked against the batch. */
export const SAMPLE: OptionRule = { ...AN_INTEGER, must: 'an integer, the index of a sample' };

/** Which there are depends on the cell. */
export const A_QUANTITY: OptionRule = { ...A_STRING, must: 'the name of a gate or a state' };
const NAMES = listOf('a list of names of gates and states', A_QUANTITY);
export const SOME_QUANTITIES: OptionRule = {
  must: NAMES.must,
  holds: (value) => NAMES.holds(value) && (value as unknown[]).length > 0,
};

/** A list of one or more of these. */
export function someOf(names: readonly string[]): OptionRule {
  const must = `a list of some of '${names.join("', '")}'`;
  const each = listOf(must, oneOf(...names));
  return { must, holds: (value) => each.holds(value) && (value as unknown[]).length > 0 };
}

/**
 * Checks a function's options.
 *
 * @returns Those that are given: without what is null or undefined.
 * @throws RangeError
 */
export function givenOptions<Options extends object>(where: string, options: Options, rules: OptionRules): Options {
  checkOptions(where, options, rules);
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value != null)) as Options;
}
