import { parseOptions, SECTION_NAMES } from '../../benchmarks/options.js';
import { NODE_BACKENDS } from '../../tools/backends.js';

describe('parseOptions', () => {
  const { PYTHON } = process.env;
  beforeEach(() => {
    delete process.env.PYTHON;
  });
  afterAll(() => {
    if (PYTHON !== undefined) process.env.PYTHON = PYTHON;
  });

  it('takes the Python of the environment where none is named', () => {
    process.env.PYTHON = '/usr/bin/python3';
    expect(parseOptions([]).python).toBe('/usr/bin/python3');
    expect(parseOptions(['--python', 'mine']).python).toBe('mine');
  });

  it('measures everything on all backends when nothing is said', () => {
    expect(parseOptions([])).toEqual({
      backends: [...NODE_BACKENDS],
      sections: [...SECTION_NAMES],
      shapes: undefined,
      activation: 'tanh',
      plain: false,
      seconds: 1,
      threads: 2,
      python: undefined,
      json: undefined,
      save: false,
      markdown: undefined,
      write: false,
      help: false,
    });
  });

  it('reads every option, and keeps sections and backends in the order of the benchmark', () => {
    const text =
      '--only floor,inference --backends wasm,cpu --shapes 1x2x3x4,5x6x7x8 --activation relu --plain --seconds 0.5 --threads 4 --json a.json --python python3 --save --markdown b.json --write';
    expect(parseOptions(text.split(' '))).toEqual({
      backends: ['cpu', 'wasm'],
      sections: ['inference', 'floor'],
      shapes: [
        { batch: 1, timesteps: 2, features: 3, units: 4 },
        { batch: 5, timesteps: 6, features: 7, units: 8 },
      ],
      activation: 'relu',
      plain: true,
      seconds: 0.5,
      threads: 4,
      python: 'python3',
      json: 'a.json',
      save: true,
      markdown: 'b.json',
      write: true,
      help: false,
    });
  });

  it.each([
    [['--only', 'inferense'], /^--only must be among models, .*, got 'inferense'$/],
    [['--only', ''], /^--only must be among .*, got ''$/],
    [['--backends', 'cpu,webgl'], /^--backends must be among cpu, wasm, tensorflow, got 'webgl'$/],
    [['--shapes', '1x2x3'], /must be written BxTxDxU, .* got '1x2x3'$/],
    [['--shapes', '1x2x3x0'], /must be written BxTxDxU, .* got '1x2x3x0'$/],
    [['--activation', 'reLU'], /^--activation must be one of sigmoid, .*, got 'reLU'$/],
    [['--seconds', '0'], /^--seconds must be a positive number, got '0'$/],
    [['--seconds', 'Infinity'], /^--seconds must be a positive number, got 'Infinity'$/],
    [['--seconds', 'two'], /^--seconds must be a positive number, got 'two'$/],
    [['--threads', '1'], /^--threads must be an integer above 1, got '1'$/],
    [['--secnods', '2'], /'--secnods'/],
    [['floor'], /'floor'/],
  ])('refuses %j in one line', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});
