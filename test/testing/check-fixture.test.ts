import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../src/index.js';
import {
  checkFixture,
  type Fixture,
  type FixtureReport,
  type FixtureTensor,
  fixtureModel,
  loadFixture,
} from '../../src/testing/index.js';
import { useBackend } from '../../tools/backends.js';
import { kerasFixture, kerasFixturePath } from '../support/keras-fixtures.js';
import { disturb, KERAS_ARGS, ownLayer } from './support/own-layer.js';

beforeAll(() => useBackend('cpu'));

const failing = ({ quantities }: FixtureReport) => quantities.filter(({ passed }) => !passed).map(({ name }) => name);

describe('checkFixture', () => {
  test('compares every output, gate and gradient, and says so', async () => {
    const fixture = kerasFixture('initial-states');
    const report = await checkFixture(fixtureModel(fixture), fixture);
    expect(report.quantities.map(({ name }) => name)).toEqual([
      ...['i', 'f', 'g', 'o'].map((gate) => `gate ${gate}`),
      'state c',
      'state h',
      'output',
      'h',
      'c',
      'loss of the gradients',
      ...['kernel', 'recurrentKernel', 'bias', 'input', 'initial h', 'initial c'].map((of) => `gradient of ${of}`),
    ]);
    expect(report).toMatchObject({
      fixture: 'initial-states',
      passed: true,
      firstDifferingGate: null,
      notCompared: [],
    });
    expect(report.message).toBe('initial-states: all 16 quantities agree');
  });

  test('names the gate, the timestep and the unit where a wrong weight shows first', async () => {
    const fixture = kerasFixture('returns-sequences');
    const model = fixtureModel(fixture);
    // The forget gate's block begins at 5: the bias of unit 2.
    disturb(model, 2, 5 + 2);
    const report = await checkFixture(model, fixture);
    expect(report.firstDifferingGate).toMatchObject({ gate: 'f', timestep: 0, sample: 0, unit: 2, layer: 0, cell: 0 });
    expect(report.message).toMatch(
      /first differing gate: f at timestep 0, sample 0, unit 2 \(layer 0, forward, cell 0\)/,
    );
    expect(report.passed).toBe(false);
    expect(failing(report)).toContain('output');
  });

  test('begins at the last timestep where time is read backwards', async () => {
    const fixture = kerasFixture('backwards-sequences');
    const model = fixtureModel(fixture);
    disturb(model, 2, 15 + 1);
    const { firstDifferingGate } = await checkFixture(model, fixture);
    expect(firstDifferingGate).toMatchObject({ gate: 'o', direction: 'backward', timestep: 5, unit: 1 });
  });

  test('names the layer, the direction and the cell', async () => {
    const stacked = kerasFixture('stacked-cells-states');
    const cells = fixtureModel(stacked);
    disturb(cells, 5, 0);
    expect((await checkFixture(cells, stacked)).firstDifferingGate).toMatchObject({ gate: 'i', cell: 1, layer: 0 });
    const mixed = kerasFixture('stacked-layers-mixed');
    const layers = fixtureModel(mixed);
    disturb(layers, 5, 6);
    const { firstDifferingGate } = await checkFixture(layers, mixed);
    expect(firstDifferingGate).toMatchObject({ gate: 'g', layer: 0, direction: 'backward', timestep: 5 });
  });

  test('reports expected and received where an output is off most', async () => {
    const fixture = loadFixture(kerasFixturePath('returns-sequences'));
    const output = fixture.calls[0]?.outputs[0]?.values as Float32Array;
    const right = output[47] as number;
    output[47] = 9;
    const report = await checkFixture(fixtureModel(fixture), fixture);
    expect(failing(report)).toEqual(['output']);
    const quantity = report.quantities.find(({ name }) => name === 'output');
    expect(quantity?.worst).toEqual({ index: [1, 3, 2], expected: 9, received: expect.closeTo(right, 5) });
    expect(quantity?.maxAbsoluteError).toBeCloseTo(9 - right, 5);
    expect(report.message).toContain('output: 1 of 90 differ, by up to 9.31');
    expect(report.message).toContain('at sample 1, timestep 3, unit 2 expected 9');
  });

  test.each(['weights', 'input', 'initialStates', 'cotangents'] as const)(
    'notices a wrong gradient: %s',
    async (which) => {
      const fixture = loadFixture(kerasFixturePath('initial-states'));
      const tensor = fixture.gradients?.[which];
      const { values } = Array.isArray(tensor)
        ? (tensor[1] as (typeof tensor)[0])
        : (tensor as { values: Float32Array });
      values[0] = (values[0] as number) + 0.01;
      const report = await checkFixture(fixtureModel(fixture), fixture);
      expect(report.passed).toBe(false);
      expect(failing(report).every((name) => name.includes('gradient'))).toBe(true);
    },
  );

  test('notices a state that is not carried on, or not reset', async () => {
    const fixture = loadFixture(kerasFixturePath('stateful-last'));
    const [first, second, third, afterReset] = fixture.calls as [
      Fixture['calls'][0],
      Fixture['calls'][0],
      Fixture['calls'][0],
      Fixture['calls'][0],
    ];
    const notReset = { ...fixture, calls: [first, second, third, { ...afterReset, resetStates: false }] };
    expect(failing(await checkFixture(fixtureModel(fixture), notReset))).toEqual([
      'output (call 3)',
      'h (call 3)',
      'c (call 3)',
    ]);
    const alwaysReset = { ...fixture, calls: [first, { ...second, resetStates: true }] };
    expect(failing(await checkFixture(fixtureModel(fixture), alwaysReset))).toContain('output (call 1)');
  });

  test('can be repeated with a stateful layer: its states are reset first', async () => {
    const fixture = kerasFixture('stateful-last');
    const model = fixtureModel(fixture);
    for (let repetition = 0; repetition < 2; repetition++) {
      expect((await checkFixture(model, fixture)).message).toMatch(/all \d+ quantities agree/);
    }
  });

  test('finds the first gate that differs where Keras computed NaN', async () => {
    const fixture = loadFixture(kerasFixturePath('returns-sequences'));
    const [gates] = fixture.gates as [Fixture['gates'][0]];
    // Of [3, 6, 5]: sample 2, timestep 1, unit 4.
    gates.g.values[(2 * 6 + 1) * 5 + 4] = Number.NaN;
    const report = await checkFixture(fixtureModel(fixture), fixture);
    expect(report.firstDifferingGate).toMatchObject({
      gate: 'g',
      sample: 2,
      timestep: 1,
      unit: 4,
      expected: Number.NaN,
    });
    expect(failing(report)).toEqual(['gate g']);
  });

  test('refuses what is no fixture, or only part of one', async () => {
    const fixture = kerasFixture('returns-last');
    const model = fixtureModel(fixture);
    const parts = [null, 7, 'fixture.json', {}, { ...fixture, config: null }, { ...fixture, gates: undefined }];
    for (const part of [...parts, { ...fixture, weights: {} }, { ...fixture, calls: [] }]) {
      await expect(checkFixture(model, part as Fixture)).rejects.toThrow(
        'checkFixture: fixture must be what loadFixture returns, got ',
      );
      expect(() => fixtureModel(part as Fixture)).toThrow('fixtureModel: fixture must be what loadFixture returns');
    }
  });

  test('reports NaN as a difference', async () => {
    const fixture = kerasFixture('returns-last');
    const model = fixtureModel(fixture);
    disturb(model, 0, 0, Number.NaN);
    const report = await checkFixture(model, fixture);
    expect(report.passed).toBe(false);
    expect(report.quantities.find(({ name }) => name === 'output')?.maxAbsoluteError).toBe(Infinity);
  });

  test('holds to the tolerance that is asked for', async () => {
    const fixture = kerasFixture('returns-last');
    const model = fixtureModel(fixture);
    disturb(model, 2, 0, 1e-3);
    expect((await checkFixture(model, fixture, { atol: 1e-1, rtol: 0 })).passed).toBe(true);
    expect((await checkFixture(model, fixture)).passed).toBe(false);
    for (const atol of [-1, '1e-5', true, Number.POSITIVE_INFINITY]) {
      await expect(checkFixture(model, fixture, { atol: atol as number })).rejects.toThrow(
        'checkFixture: atol must be a finite number of at least 0, got',
      );
    }
    await expect(checkFixture(model, fixture, { rtol: Number.NaN })).rejects.toThrow('checkFixture: rtol must be');
  });

  test('says where in a weight or an input a gradient is off', async () => {
    const fixture = kerasFixture('initial-states');
    const gradients = structuredClone(fixture.gradients) as NonNullable<Fixture['gradients']>;
    const add = (tensor: FixtureTensor | undefined, at: number) => {
      if (tensor) tensor.values[at] = 9;
    };
    // Of [4, 20], [5, 20], [20], [3, 6, 4], [3, 5].
    add(gradients.weights[0], 3 * 20 + 5 + 2);
    add(gradients.weights[1], 4 * 20 + 10 + 1);
    add(gradients.weights[2], 15 + 4);
    add(gradients.input, (2 * 6 + 1) * 4 + 3);
    add(gradients.initialStates[1], 5 + 3);
    const { message } = await checkFixture(fixtureModel(fixture), { ...fixture, gradients });
    expect(message).toMatch(/gradient of kernel: 1 of 80 differ, .* at feature 3, gate f, unit 2 expected 9,/);
    expect(message).toMatch(
      /gradient of recurrentKernel: 1 of 100 differ, .* at from unit 4, gate g, unit 1 expected 9/,
    );
    expect(message).toMatch(/gradient of bias: 1 of 20 differ, .* at gate o, unit 4 expected 9,/);
    expect(message).toMatch(/gradient of input: 1 of 72 differ, .* at sample 2, timestep 1, feature 3 expected 9,/);
    expect(message).toMatch(/gradient of initial c: 1 of 15 differ, .* at sample 1, unit 3 expected 9,/);
  });

  test('leaves no tensor behind, whether it passes, fails or throws', async () => {
    const names = [
      'mask-holes-last',
      'bidirectional-states-last',
      'stacked-cells-states',
      'stacked-layers-mixed',
      'stateful-masked',
    ];
    for (const name of names) {
      const fixture = kerasFixture(name);
      const model = fixtureModel(fixture);
      await checkFixture(model, fixture);
      const before = tf.memory().numTensors;
      expect((await checkFixture(model, fixture)).passed).toBe(true);
      disturb(model, 0, 0);
      expect((await checkFixture(model, fixture)).passed).toBe(false);
      expect([name, tf.memory().numTensors]).toEqual([name, before]);
      model.dispose();
    }
    const fixture = kerasFixture('returns-sequences');
    const last = ownLayer(lstm(KERAS_ARGS), fixture);
    const states = ownLayer(lstm({ ...KERAS_ARGS, returnState: true }), fixture);
    const before = tf.memory().numTensors;
    await expect(checkFixture(last, fixture)).rejects.toThrow('output must have shape');
    await expect(checkFixture(states, fixture)).rejects.toThrow('there must be 1 outputs');
    expect(tf.memory().numTensors).toBe(before);
  });
});
