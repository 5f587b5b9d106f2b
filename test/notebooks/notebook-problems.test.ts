import { readdirSync, readFileSync } from 'node:fs';
import { differencesOf, type Notebook, type NotebookOutput, problemsOf } from '../../tools/notebook-problems.js';

const printed = (...text: string[]): NotebookOutput => ({ output_type: 'stream', name: 'stdout', text });
const picture = (...types: string[]): NotebookOutput => ({
  output_type: 'execute_result',
  data: Object.fromEntries(types.map((type) => [type, '…'])),
});
const VEGA = 'application/vnd.vegalite.v5+json';

/** Cells of code that have run in order, after a heading. */
function notebook(...cells: [source: string, ...outputs: NotebookOutput[]][]): Notebook {
  const code = cells.map(([source, ...outputs], n) => ({
    cell_type: 'code',
    source: source.split(/(?<=\n)/),
    execution_count: n + 1,
    outputs,
  }));
  return { cells: [{ cell_type: 'markdown', source: '# A notebook' }, ...code] };
}

const good = () =>
  notebook(
    ['const x = 1;'],
    ['const y = 2;\nconsole.log(x,\n  y);', printed('1 2\n')],
    ['await picture(spec);', picture('image/png', 'text/plain', VEGA)],
  );

/** The good notebook with a change to its cell of code n, counted from 1. */
function changed(n: number, change: Partial<Notebook['cells'][0]>): Notebook {
  const { cells } = good();
  Object.assign(cells[n] as object, change);
  return { cells };
}

describe('problemsOf', () => {
  test('finds none in a notebook that ran from top to bottom', () => {
    expect(problemsOf(good())).toEqual([]);
  });

  test.each([
    [changed(2, { outputs: [] }), 'cell 2 prints, but what it printed is missing'],
    [changed(2, { outputs: [printed('\n')] }), 'cell 2 prints, but what it printed is missing'],
    [changed(2, { outputs: [{ ...printed('1 2'), name: 'stderr' }] }), 'cell 2 prints, but what it printed is missing'],
    [changed(3, { outputs: [] }), 'cell 3 draws, but the picture is missing'],
    [changed(3, { outputs: [picture(VEGA)] }), 'cell 3 draws, but the picture is missing'],
    [changed(3, { outputs: [picture('image/png')] }), 'cell 3 draws, but the picture is missing'],
    [changed(1, { execution_count: null }), 'cell 1 must have been run as number 1, but was as none'],
    [changed(2, { execution_count: 7 }), 'cell 2 must have been run as number 2, but was as 7'],
    [
      changed(1, { outputs: [{ output_type: 'error', ename: 'RangeError', evalue: 'atol' }] }),
      'cell 1 ends in an error: RangeError: atol',
    ],
  ])('finds what is wrong %#', (wrong, problem) => {
    expect(problemsOf(wrong)).toEqual([problem]);
  });

  test.each(readdirSync('notebooks').filter((name) => name.endsWith('.ipynb')))('finds nothing wrong in %s', (name) => {
    expect(problemsOf(JSON.parse(readFileSync(`notebooks/${name}`, 'utf8')))).toEqual([]);
  });
});

describe('differencesOf', () => {
  test('finds none where outputs are of the same kinds', () => {
    expect(differencesOf(good(), good(), true)).toEqual([]);
    expect(differencesOf(good(), changed(2, { outputs: [printed('1 '), printed('2')] }), true)).toEqual([]);
    expect(differencesOf(good(), changed(2, { outputs: [printed('something else')] }), false)).toEqual([]);
  });

  test('finds numbers and words that differ, where they are the same at every run', () => {
    const saved = notebook(['', printed('h = 0.5000, c = [1, -20.00]')]);
    const differences = (text: string) => differencesOf(saved, notebook(['', printed(text)]), true);
    expect(differences('h = 0.5019, c = [1, -20.02]')).toEqual([]);
    expect(differences('h = 0.5031, c = [1, -20.00]')).toEqual(['cell 1 printed 0.5, but prints 0.5031']);
    expect(differences('h = 0.5000, c = [1, -20.03]')).toEqual(['cell 1 printed -20, but prints -20.03']);
    expect(differences('h = 0.5000, c = [1, 20.00]')).toEqual(['cell 1 printed -20, but prints 20']);
    expect(differences('h = 0.5000, g = [1, -20.00]')[0]).toMatch(/^cell 1 printed 'h = .*, but prints 'h = /);
    expect(differences('h = NaN, c = [1, -20.00]')[0]).toMatch(/^cell 1 printed 'h = .*, but prints 'h = NaN/);
    expect(differences('h = 0.5000')).toHaveLength(1);
  });

  test.each([
    [changed(2, { outputs: [] }), 'cell 2 was saved with stdout, but gives no output'],
    [changed(1, { outputs: [printed('x')] }), 'cell 1 was saved with no output, but gives stdout'],
    [
      changed(3, { outputs: [picture('text/plain')] }),
      `cell 3 was saved with execute_result of ${VEGA} and image/png and text/plain, but gives execute_result of text/plain`,
    ],
    [
      changed(2, { outputs: [printed('1 2'), { output_type: 'error' }] }),
      'cell 2 was saved with stdout, but gives stdout, error',
    ],
    [{ cells: good().cells.slice(0, -1) }, 'has 3 cells of code, but 2 were run'],
  ])('finds outputs of other kinds %#', (fresh, difference) => {
    expect(differencesOf(good(), fresh, false)).toEqual([difference]);
  });
});
