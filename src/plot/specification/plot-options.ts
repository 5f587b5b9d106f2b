import { invalidArgument } from '../../core/errors.js';
import { requireOptions } from '../../core/options.js';
import { THEMES, type Theme } from './theme.js';

/** What every picture can be told. */
export interface PlotOptions {
  /** What stands above the picture. Default: what the picture shows. */
  title?: string;
  /** Drawn on white, or on near black. Default: 'light'. */
  theme?: Theme;
  /** Width of a panel, in pixels. */
  width?: number;
  /** Height of a panel, in pixels. */
  height?: number;
}

const PLOT_OPTIONS = ['title', 'theme', 'width', 'height'];

/**
 * Checks the options that all pictures share, and the spelling of the others.
 *
 * @param others Names of the function's own options.
 * @throws RangeError
 */
export function requirePlotOptions(where: string, options: PlotOptions, others: readonly string[] = []): void {
  requireOptions(where, options, [...PLOT_OPTIONS, ...others]);
  const { title, theme } = options;
  if (title !== undefined && typeof title !== 'string') {
    throw invalidArgument(where, 'title must be a string', title);
  }
  if (theme !== undefined) requireOneOf(where, 'theme', THEMES, theme);
  for (const name of ['width', 'height'] as const) {
    const size = options[name];
    if (size === undefined || (Number.isFinite(size) && size > 0)) continue;
    throw invalidArgument(where, `${name} must be a positive number of pixels`, size);
  }
}

/** @throws RangeError */
export function requireOneOf<Name extends string>(
  where: string,
  option: string,
  names: readonly Name[],
  received: unknown,
): asserts received is Name {
  if (names.includes(received as Name)) return;
  throw invalidArgument(where, `${option} must be one of '${names.join("', '")}'`, received);
}
