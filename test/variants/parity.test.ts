import * as tf from '@tensorflow/tfjs';
import { gateSequencesOf, quantitiesOf } from '../../src/core/quantities.js';
import { lstm } from '../../src/index.js';
import type { LSTM } from '../../src/layers/lstm.js';
import type { AnyLSTMCell } from '../../src/layers/lstm-cell.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { asList, expectAllClose, expectClose } from '../support/close.js';
import { maskOf } from '../support/masks.js';
import { randomizeWeights, randomTensor } from '../support/random.js';
import {
  BATCH,
  CELL_CASES,
  type CellCase,
  cellOf,
  dropoutOf,
  FEATURES,
  layerOf,
  randomInput,
  randomStates,
  TIMESTEPS,
} from './cases.js';

const outputsOf = (layer: tf.layers.Layer, x: tf.Tensor | tf.Tensor[], kwargs: object = {}) =>
  asList(layer.apply(x, { ...kwargs }) as tf.Tensor | tf.Tensor[]);

const ALL = { returnSequences: true, returnState: true } as const;
const HOLES = () => maskOf('with holes') as tf.Tensor2D;

/** A copy of a layer by its config, with the same weights. */
function copyOf(layer: LSTM, change: object = {}): LSTM {
  const config = { ...layer.getConfig(), ...change };
  const copy = (layer.constructor as unknown as typeof LSTM).fromConfig(
    layer.constructor as never,
    config as tf.serialization.ConfigDict,
  ) as unknown as LSTM;
  copy.build([copy.stateful ? BATCH : null, null, FEATURES]);
  copy.setWeights(layer.getWeights());
  return copy;
}

describe.each(NODE_BACKENDS)('On %s', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  describe.each(CELL_CASES)('a layer over %s', (_, cellCase) => {
    test('computes what tf.layers.rnn does over the same cell, of masked steps and of states too', () => {
      const cell = cellOf(cellCase);
      const layer = layerOf(cell, ALL);
      const kwargs = { initialState: randomStates(cell, 3), mask: HOLES() };
      const host = tf.layers.rnn({ cell, ...ALL });
      expectAllClose(outputsOf(layer, randomInput(2), kwargs), outputsOf(host, randomInput(2), kwargs));
      expectAllClose(outputsOf(layer, randomInput(4)), outputsOf(host, randomInput(4)));
    });

    test('holds no tensors after a call, a trace or a gradient', () => {
      const layer = layerOf(cellOf(cellCase), ALL);
      // Of two timesteps, as what is held of one is held of each.
      const x = tf.slice(randomInput(11), [0, 0, 0], [-1, 2, -1]);
      const use = () =>
        tf.tidy(() => {
          outputsOf(layer, x, { mask: tf.slice(HOLES(), [0, 0], [-1, 2]) });
          layer.trace(x).dispose();
          tf.dispose(tf.variableGrads(() => tf.sum(outputsOf(layer, x)[0] as tf.Tensor) as tf.Scalar).grads);
          tf.dispose(outputsOf(layer, x, { training: true }));
        });
      use();
      const before = tf.memory().numTensors;
      use();
      expect(tf.memory().numTensors).toBe(before);
      const trace = layer.trace(x);
      expect(tf.memory().numTensors).toBeGreaterThan(before);
      trace.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});

describe.each(CELL_CASES)('Alone, a layer over %s', (_, cellCase) => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('carries all states over a masked step, and lets NaN there go nowhere', () => {
    const layer = layerOf(cellOf(cellCase), ALL);
    const mask = HOLES();
    const x = randomInput(5);
    const hole = tf.logicalNot(tf.tile(tf.expandDims(mask, 2), [1, 1, FEATURES]));
    const poisoned = tf.where(hole, tf.fill(x.shape, Number.NaN), x);
    expectAllClose(outputsOf(layer, poisoned, { mask }), outputsOf(layer, x, { mask }));
    const { states, gates, initialStates } = layer.trace(poisoned, { mask });
    const holes = mask.arraySync().map((row) => row.map((value) => !value));
    for (const [name, sequence] of Object.entries({ ...gates, ...states })) {
      const values = sequence.arraySync();
      const before = initialStates[name]?.arraySync();
      for (const [row, steps] of values.entries()) {
        expect(steps.flat()).not.toContain(Number.NaN);
        for (const [t, step] of steps.entries()) {
          if (!holes[row]?.[t]) continue;
          const carried = t === 0 ? before?.[row] : steps[t - 1];
          expect(step).toEqual(states[name] === undefined ? step.map(() => 0) : carried);
        }
      }
    }
  });

  test('stays finite where inputs are extreme and sequences begin late, and runs on no samples', () => {
    const layer = layerOf(cellOf(cellCase), ALL);
    const x = tf.mul<tf.Tensor3D>(randomInput(28), 200);
    for (const output of outputsOf(layer, x, { mask: maskOf('left padded') })) {
      expect([...output.dataSync()].filter((value) => !Number.isFinite(value))).toEqual([]);
    }
    const none = outputsOf(layer, tf.zeros([0, TIMESTEPS, FEATURES]));
    expect(none.map(({ shape }) => shape)).toEqual(outputsOf(layer, x).map(({ shape: [, ...rest] }) => [0, ...rest]));
  });

  test('reads backwards what it reads forwards of a reversed input', () => {
    const layer = layerOf(cellOf(cellCase), ALL);
    const backwards = copyOf(layer, { goBackwards: true });
    expectAllClose(outputsOf(backwards, randomInput(6)), outputsOf(layer, tf.reverse(randomInput(6), 1)));
  });

  test('goes on, stateful, where the call before ended', () => {
    const layer = layerOf(cellOf(cellCase), ALL);
    const stateful = copyOf(layer, { stateful: true });
    const x = randomInput(7);
    const [sequence, ...states] = outputsOf(layer, x) as [tf.Tensor, ...tf.Tensor[]];
    const [first] = outputsOf(stateful, tf.slice(x, [0, 0, 0], [-1, 2, -1])) as [tf.Tensor];
    const [second, ...last] = outputsOf(stateful, tf.slice(x, [0, 2, 0], [-1, -1, -1])) as [tf.Tensor, ...tf.Tensor[]];
    expectAllClose([tf.concat([first, second], 1), ...last], [sequence, ...states]);
    stateful.resetStates();
    expectClose(outputsOf(stateful, x)[0] as tf.Tensor, sequence);
  });

  test('returns its gates as a trace has them, in processing order, of the shapes that it says', () => {
    const cell = cellOf(cellCase);
    const layer = layerOf(cell, { ...ALL, returnGates: true, goBackwards: true });
    const x = randomInput(8);
    const outputs = outputsOf(layer, x);
    const trace = layer.trace(x);
    const byName = { ...trace.gates, ...trace.states };
    const gates = outputs.slice(1 + cell.stateNames.length);
    expectAllClose(
      gates,
      gateSequencesOf(cell).map((name) => tf.reverse(byName[name] as tf.Tensor3D, 1)),
    );
    expectClose(outputs[0] as tf.Tensor, tf.reverse(byName.h as tf.Tensor3D, 1));
    expect(layer.computeOutputShape(x.shape)).toEqual(outputs.map(({ shape }) => shape));
  });

  test('is traced by the names of its gates and states, from the states that it is given', () => {
    const cell = cellOf(cellCase);
    const layer = layerOf(cell, ALL);
    const initialState = randomStates(cell, 9);
    const trace = layer.trace(randomInput(10), { initialState });
    expect(Object.keys(trace.gates)).toEqual([...cell.gateNames]);
    expect(Object.keys(trace.states)).toEqual([...cell.stateNames]);
    expectAllClose(Object.values(trace.initialStates), initialState);
    const [sequence, ...states] = outputsOf(layer, randomInput(10), { initialState }) as [tf.Tensor, ...tf.Tensor[]];
    expectClose(trace.states.h as tf.Tensor, sequence);
    for (const [n, name] of cell.stateNames.entries()) {
      const steps = tf.unstack(trace.states[name] as tf.Tensor3D, 1);
      expectClose(steps.at(-1) as tf.Tensor, states[n] as tf.Tensor);
    }
    for (const name of quantitiesOf(cell)) {
      const sequence = { ...trace.gates, ...trace.states }[name];
      expect(sequence?.shape).toEqual([BATCH, TIMESTEPS, cell.widthOf(name)]);
    }
  });
});

describe.each(CELL_CASES)('In a host, a layer over %s', (_, cellCase) => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const INPUT_SHAPE = [TIMESTEPS, FEATURES];

  test('drops out in training alone, each time anew, and the same for the same seed', () => {
    const layers = [1, 2].map(() => layerOf(cellOf(cellCase, { ...dropoutOf(cellCase), seed: 5 }), ALL));
    const [layer, twin] = layers as [LSTM, LSTM];
    const x = randomInput(12);
    const inference = outputsOf(layer, x);
    expectAllClose(outputsOf(layer, x), inference);
    const draws = [1, 2].map(() => outputsOf(layer, x, { training: true }));
    const apart = (a: tf.Tensor[], b: tf.Tensor[]) =>
      tf.max(tf.abs(tf.sub(a[0] as tf.Tensor, b[0] as tf.Tensor))).dataSync()[0];
    expect(apart(draws[0] as tf.Tensor[], inference)).toBeGreaterThan(1e-3);
    expect(apart(draws[0] as tf.Tensor[], draws[1] as tf.Tensor[])).toBeGreaterThan(1e-3);
    for (const draw of draws) expectAllClose(outputsOf(twin, x, { training: true }), draw);
  });

  test('drops h out for each gate in tf.layers.rnn as in the layer', () => {
    const args = { ...dropoutOf(cellCase), seed: 6 };
    const layer = layerOf(cellOf(cellCase, args), ALL);
    const host = tf.layers.rnn({ cell: cellOf(cellCase, args), ...ALL });
    host.build([null, null, FEATURES]);
    randomizeWeights(host, 1);
    const training = { training: true };
    expectAllClose(outputsOf(host, randomInput(13), training), outputsOf(layer, randomInput(13), training));
  });

  test('is part of Sequential and of a functional model, with states as inputs', () => {
    const cell = cellOf(cellCase);
    const sequential = tf.sequential({ layers: [lstm({ cell, returnSequences: true, inputShape: INPUT_SHAPE })] });
    randomizeWeights(sequential, 2);
    const layer = lstm({ cell, ...ALL });
    const x = tf.input({ shape: INPUT_SHAPE });
    const states = cell.stateNames.map((name) => tf.input({ shape: [cell.widthOf(name)] }));
    const outputs = layer.apply([x, ...states]) as tf.SymbolicTensor[];
    const functional = tf.model({ inputs: [x, ...states], outputs });
    const given = randomStates(cell, 15);
    const zeros = given.map((state) => tf.zerosLike(state));
    const predict = (model: tf.LayersModel, inputs: tf.Tensor | tf.Tensor[]) => asList(model.predict(inputs));
    expectAllClose(
      predict(functional, [randomInput(14), ...given]),
      outputsOf(layerOf(cell, ALL, 2), randomInput(14), {
        initialState: given,
      }),
    );
    expectClose(
      predict(sequential, randomInput(14))[0] as tf.Tensor,
      predict(functional, [randomInput(14), ...zeros])[0] as tf.Tensor,
    );
  });

  test('is part of bidirectional', () => {
    const template = lstm({ cell: cellOf(cellCase), returnSequences: true });
    const host = tf.layers.bidirectional({ layer: template, mergeMode: 'concat' });
    const x = randomInput(16);
    host.apply(x);
    randomizeWeights(host, 3);
    const weights = host.getWeights();
    const half = weights.length / 2;
    expect(new Set(host.weights).size).toBe(2 * cellOf(cellCase).weightFacts.length);
    const alone = layerOf(cellOf(cellCase), { returnSequences: true });
    alone.setWeights(weights.slice(0, half));
    const forward = outputsOf(alone, x)[0] as tf.Tensor;
    alone.setWeights(weights.slice(half));
    const backward = tf.reverse(outputsOf(alone, tf.reverse(x, 1))[0] as tf.Tensor, 1);
    expectClose(host.apply(x) as tf.Tensor, tf.concat([forward, backward], 2));
  });

  test('is part of timeDistributed, and its cell of a stack', () => {
    const [a, b] = [cellOf(cellCase), cellOf(cellCase)] as [AnyLSTMCell, AnyLSTMCell];
    const layer = layerOf(a, { returnSequences: true });
    const distributed = tf.layers.timeDistributed({ layer: lstm({ cell: a, returnSequences: true }) });
    const several = [17, 18].map((seed) => randomInput(seed));
    const expected = tf.stack(
      several.map((x) => outputsOf(layer, x)[0] as tf.Tensor),
      1,
    );
    expectClose(distributed.apply(tf.stack(several, 1)) as tf.Tensor, expected);
    const stack = tf.layers.rnn({ cell: [a, b], returnSequences: true });
    const x = randomInput(19);
    stack.apply(x);
    randomizeWeights(stack, 4);
    const upper = lstm({ cell: b, returnSequences: true });
    expectClose(stack.apply(x) as tf.Tensor, outputsOf(upper, outputsOf(layer, x))[0] as tf.Tensor);
  });

  test('is saved and loaded with its model', async () => {
    const model = tf.sequential({
      layers: [
        lstm({ cell: cellOf(cellCase), returnSequences: true, inputShape: INPUT_SHAPE }),
        tf.layers.bidirectional({
          layer: lstm({ cell: cellOf(cellCase), returnSequences: true }),
          mergeMode: 'concat',
        } as never),
        tf.layers.rnn({ cell: [cellOf(cellCase), cellOf(cellCase)], returnSequences: true }),
        tf.layers.rnn({ cell: cellOf(cellCase) }),
      ],
    });
    randomizeWeights(model, 5);
    let saved: tf.io.ModelArtifacts | null = null;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved as unknown as tf.io.ModelArtifacts));
    expectClose(loaded.predict(randomInput(20)) as tf.Tensor, model.predict(randomInput(20)) as tf.Tensor);
    const fromJson = await tf.models.modelFromJSON(model.toJSON(null, false) as never);
    randomizeWeights(fromJson, 5);
    expectClose(fromJson.predict(randomInput(20)) as tf.Tensor, model.predict(randomInput(20)) as tf.Tensor);
  });

  test('is cloned by its config, and so is its cell', () => {
    const cell = cellOf(cellCase, { ...dropoutOf(cellCase), seed: 7, useBias: cellCase.maker.startsWith('layerNorm') });
    const layer = layerOf(cell, ALL);
    const copy = copyOf(layer);
    expect(copy.getConfig()).toEqual(layer.getConfig());
    expect(JSON.parse(JSON.stringify(layer.getConfig()))).toEqual(JSON.parse(JSON.stringify(copy.getConfig())));
    expectAllClose(outputsOf(copy, randomInput(21)), outputsOf(layer, randomInput(21)));
    const sameCell = new (cell.constructor as new (args: object) => AnyLSTMCell)(cell.getConfig());
    expect(sameCell.getConfig()).toEqual(cell.getConfig());
    const saved: Record<string, unknown> = cell.getConfig();
    for (const [name, value] of Object.entries(cellCase.args)) {
      if (typeof value === 'number' || typeof value === 'boolean') expect(saved[name] ?? value).toBe(value);
    }
  });

  test('has the gradients of finite differences: of all weights, x and states', () => {
    const cell = cellOf(cellCase);
    const layer = layerOf(cell, ALL);
    const variables = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const x = tf.variable(randomInput(22, 3));
    const states = randomStates(cell, 23).map((state) => tf.variable(state));
    const shapes = outputsOf(layer, x, { initialState: states }).map(({ shape }) => shape);
    const lossWeights = shapes.map((shape, n) => randomTensor(shape, 30 + n));
    const loss = () =>
      tf.addN(
        outputsOf(layer, x, { initialState: states }).map((output, n) =>
          tf.sum(tf.mul(output, lossWeights[n] as tf.Tensor)),
        ),
      ) as tf.Scalar;
    const all = [...variables, x, ...states];
    const { grads } = tf.engine().gradients(loss, all, undefined, true);
    for (const [n, variable] of all.entries()) {
      const value = tf.clone(variable);
      const direction = randomTensor(variable.shape, 100 * n + 1);
      const at = (step: number) => {
        variable.assign(tf.add(value, tf.mul(direction, step)));
        return loss().dataSync()[0] as number;
      };
      const step = 3e-3;
      const expected = (at(step) - at(-step)) / (2 * step);
      const gradient = grads[n] ?? tf.zerosLike(variable);
      expectClose(tf.sum(tf.mul(gradient, direction)), [expected], 5e-3);
      variable.assign(value);
    }
  });

  test('learns', async () => {
    const model = tf.sequential({
      layers: [lstm({ cell: cellOf(cellCase), inputShape: INPUT_SHAPE }), tf.layers.dense({ units: 1 })],
    });
    randomizeWeights(model, 6, 0.3);
    model.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
    const x = randomInput(24);
    const labels = tf.mean(tf.slice(x, [0, 0, 0], [-1, 3, 1]), [1]);
    const { history } = await model.fit(x, labels, { epochs: 8, batchSize: BATCH, shuffle: false, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)).toBeLessThan(0.9 * (losses[0] as number));
  });

  test('refuses initial states of the wrong count and width by their names', () => {
    const cell = cellOf(cellCase);
    const layer = layerOf(cell, ALL);
    const states = randomStates(cell, 25);
    const x = randomInput(26);
    const apply = (initialState: tf.Tensor[]) => () => outputsOf(layer, x, { initialState });
    expect(apply([...states, states[0] as tf.Tensor])).toThrow(/^LSTM\.apply: initialState must be .*h/);
    const last = cell.stateNames.length - 1;
    const wrong = tf.zeros([BATCH, cell.widthOf(cell.stateNames[last] as string) + 1]);
    expect(apply([...states.slice(0, -1), wrong])).toThrow(`initialState[${last}] (${cell.stateNames[last]}) must be`);
    const trace = () => layer.trace(x, { initialState: [...states.slice(0, -1), wrong] });
    expect(trace).toThrow(`initialState[${last}] (${cell.stateNames[last]}) must be`);
  });

  test('is traced for some of its units, or says which of its quantities have other widths', () => {
    const cell = cellOf(cellCase);
    const layer = layerOf(cell, ALL);
    const x = randomInput(27);
    const others = quantitiesOf(cell).filter((name) => cell.widthOf(name) !== cell.units);
    if (others.length > 0) {
      expect(() => layer.trace(x, { units: [2, 0] })).toThrow(
        `units must be left out where a cell's ${others.join(', ')} are not [B, U]`,
      );
      return;
    }
    const some = layer.trace(x, { units: [2, 0] });
    const all = layer.trace(x);
    for (const name of cell.gateNames) {
      expectClose(some.gates[name] as tf.Tensor, tf.gather(all.gates[name] as tf.Tensor, [2, 0], 2));
    }
  });

  test('is refused, when it is loaded, without the class of its cell', async () => {
    const cell = cellOf(cellCase);
    const { classNameMap } = tf.serialization.SerializationMap.getMap();
    const className = cell.getClassName();
    const registered = classNameMap[className] as (typeof classNameMap)[string];
    const model = tf.sequential({ layers: [lstm({ cell, inputShape: INPUT_SHAPE })] });
    const json = model.toJSON(null, false);
    delete classNameMap[className];
    try {
      await expect(tf.models.modelFromJSON(json as never)).rejects.toThrow(
        /^LSTM\.fromConfig: the class of the saved cell must be registered/,
      );
    } finally {
      classNameMap[className] = registered;
    }
    await expect(tf.models.modelFromJSON(json as never)).resolves.toBeInstanceOf(tf.LayersModel);
  });
});

describe('A layer over a cell refuses', () => {
  const first = (CELL_CASES[0] as [string, CellCase])[1];

  test('what is given to the cell, beside it', () => {
    expect(() => lstm({ cell: cellOf(first), units: 4 } as never)).toThrow(
      'LSTM: units must be given to the cell, where there is one',
    );
  });

  test('a cell of the host, and a stack', () => {
    expect(() => lstm({ cell: tf.layers.lstmCell({ units: 4 }) } as never)).toThrow(
      'LSTM: cell must be one LSTMCell of this package',
    );
    expect(() => lstm({ cell: [cellOf(first), cellOf(first)] } as never)).toThrow(
      'LSTM: cell must be one LSTMCell of this package',
    );
  });
});
