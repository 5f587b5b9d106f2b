/** The part of a Jupyter notebook that is looked at: https://nbformat.readthedocs.io/en/latest/format_description.html */
export interface Notebook {
  cells: NotebookCell[];
}

export interface NotebookCell {
  cell_type: string;
  source: string | string[];
  execution_count?: number | null;
  outputs?: NotebookOutput[];
}

export interface NotebookOutput {
  output_type: string;
  /** Of a stream: `stdout` or `stderr`. */
  name?: string;
  text?: string | string[];
  /** Of what is displayed, by MIME type. */
  data?: Record<string, unknown>;
  ename?: string;
  evalue?: string;
}

const text = (lines: string | string[] | undefined) => [lines ?? ''].flat().join('');
const codeCells = ({ cells }: Notebook) => cells.filter((cell) => cell.cell_type === 'code');

/** What a cell that prints or draws begins a line with. */
const SHOWS = { prints: /^(?:console\.log|show)\(/m, draws: /^await picture\(/m };
/** Viewers that do not draw Vega-Lite show the image. */
const PICTURE = ['application/vnd.vegalite.v5+json', 'image/png'];

/**
 * What is wrong with a notebook in itself: cells that did not run in order, that end in an error, or that lack what they
 * print or draw. A kernel may lose what is printed, so that a run may have to be repeated.
 */
export function problemsOf(notebook: Notebook): string[] {
  return codeCells(notebook).flatMap((cell, n) => {
    const problems: string[] = [];
    const outputs = cell.outputs ?? [];
    const count = cell.execution_count ?? null;
    if (count !== n + 1) problems.push(`must have been run as number ${n + 1}, but was as ${count ?? 'none'}`);
    for (const { output_type, ename, evalue } of outputs) {
      if (output_type === 'error') problems.push(`ends in an error: ${ename}: ${evalue}`);
    }
    const source = text(cell.source);
    const printed = outputs.some(({ name, text: lines }) => name === 'stdout' && text(lines).trim() !== '');
    const drawn = outputs.some(({ data = {} }) => PICTURE.every((type) => Object.hasOwn(data, type)));
    if (SHOWS.prints.test(source) && !printed) problems.push('prints, but what it printed is missing');
    if (SHOWS.draws.test(source) && !drawn) problems.push('draws, but the picture is missing');
    return problems.map((problem) => `cell ${n + 1} ${problem}`);
  });
}

/**
 * How a saved notebook differs from a fresh run of it: in its code, or in the kinds of its outputs.
 *
 * @param repeatable Whether the words that it prints must be the same, and its numbers close: not so where a model is
 *   trained.
 */
export function differencesOf(saved: Notebook, fresh: Notebook, repeatable: boolean): string[] {
  const before = codeCells(saved);
  const after = codeCells(fresh);
  if (before.length !== after.length) return [`has ${before.length} cells of code, but ${after.length} were run`];
  return before.flatMap((cell, n) => {
    const now = after[n] as NotebookCell;
    const [kindsBefore, kindsNow] = [kindsOf(cell), kindsOf(now)];
    if (kindsBefore !== kindsNow) return [`cell ${n + 1} was saved with ${kindsBefore}, but gives ${kindsNow}`];
    const difference = repeatable ? textDifference(printedBy(cell), printedBy(now)) : null;
    return difference === null ? [] : [`cell ${n + 1} ${difference}`];
  });
}

/** `stdout, execute_result of image/png and text/plain`; a stream may come in pieces. */
function kindsOf({ outputs = [] }: NotebookCell): string {
  const kinds = outputs.map(({ output_type, name, data }) =>
    output_type === 'stream'
      ? `${name}`
      : `${output_type}${data ? ` of ${Object.keys(data).sort().join(' and ')}` : ''}`,
  );
  return kinds.filter((kind, n) => kind !== kinds[n - 1]).join(', ') || 'no output';
}

function printedBy({ outputs = [] }: NotebookCell): string {
  return outputs
    .filter(({ name }) => name === 'stdout')
    .map((output) => text(output.text))
    .join('');
}

const NUMBER = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi;
/** Of the printed numbers, which are rounded to three decimals. */
const TOLERANCE = { atol: 2e-3, rtol: 1e-3 };

function textDifference(saved: string, fresh: string): string | null {
  const words = (printed: string) => printed.replace(NUMBER, '#').replace(/\s+/g, ' ').trim();
  if (words(saved) !== words(fresh)) return `printed '${saved.trim()}', but prints '${fresh.trim()}'`;
  const numbers = (printed: string) => (printed.match(NUMBER) ?? []).map(Number);
  const now = numbers(fresh);
  const { atol, rtol } = TOLERANCE;
  for (const [n, number] of numbers(saved).entries()) {
    const other = now[n] as number;
    if (!(Math.abs(other - number) <= atol + rtol * Math.abs(number))) return `printed ${number}, but prints ${other}`;
  }
  return null;
}
