import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import {
  gradientFlow,
  gradientFlowBytes,
  gradientFlowModel,
  gradientFlowModelBytes,
} from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

const SQUARES = (h: tf.Tensor) => tf.sum(tf.square(h)) as tf.Scalar;

function built(units: number, features: number, useFused: boolean | 'auto' = 'auto'): tf.layers.RNN {
  const layer = lstm({ units, useFused });
  layer.apply(tf.input({ shape: [null, features] }));
  randomizeWeights(layer, 3);
  return layer;
}

/** By how much the bytes of all tensors grew at most while something ran: they are most where a scope of tfjs's ends. */
function grownAtMost(run: () => void): number {
  const engine = tf.engine();
  const before = engine.memory().numBytes;
  let most = before;
  const spy = jest.spyOn(engine, 'endScope').mockImplementation(((result) => {
    most = Math.max(most, engine.state.numBytes);
    return Object.getPrototypeOf(engine).endScope.call(engine, result);
  }) as typeof engine.endScope);
  run();
  spy.mockRestore();
  return most - before;
}

describe.each(NODE_BACKENDS)('On %s, gradientFlowBytes', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const shapes: [shape: [number, number, number], units: number][] = [
    [[2, 60, 3], 40],
    [[1, 1200, 3], 8],
    [[8, 40, 24], 12],
  ];

  test.each(shapes)('tells what a flow through %j holds, and what it takes at most', (shape, units) => {
    const layer = built(units, shape[2]);
    const x = randomTensor(shape, 1);
    const told = gradientFlowBytes(layer, x);
    expect(told.shape).toEqual([shape[0], shape[1], units]);
    const before = tf.memory().numBytes;
    const flow = gradientFlow(layer, x, SQUARES);
    const held = tf.memory().numBytes - before;
    flow.dispose();
    expect(held).toBe(told.bytes);
    const peak = grownAtMost(() => gradientFlow(layer, x, SQUARES).dispose());
    expect(peak).toBeLessThan(1.5 * told.peakBytes);
    // Told is what plain ops take, which for short sequences is more than what a fused kernel takes.
    expect(peak).toBeGreaterThan(told.peakBytes / 4);
  });

  test('is told of every call of a model, in the order of the flows', () => {
    const model = tf.sequential({
      layers: [
        tf.layers.bidirectional({ layer: lstm({ units: 4, returnSequences: true }), inputShape: [6, 3] } as never),
        tf.layers.lstm({ units: 5 }),
      ],
    });
    model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
    const x = randomTensor([2, 6, 3], 1);
    const { numTensors } = tf.memory();
    const told = gradientFlowModelBytes(model, x);
    expect(tf.memory().numTensors).toBe(numTensors);
    const flows = gradientFlowModel(model, x, tf.zeros([2, 5]));
    const names = ({ layerName, direction, cell, call }: (typeof told)[number] | (typeof flows)[number]) => [
      layerName,
      direction,
      cell,
      call,
    ];
    expect(told.map(names)).toEqual(flows.map(names));
    expect(told.map(({ shape }) => shape)).toEqual(flows.map(({ flow }) => flow.dh.shape));
    const lastAlone = gradientFlowBytes(model.layers[1]!, randomTensor([2, 6, 8], 1));
    expect(told.at(-1)).toMatchObject(lastAlone);
  });
});

describe('gradientFlowBytes', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each<[shape: [number, number, number], units: number]>([
    [[2, 12, 3], 40],
    [[8, 10, 24], 12],
  ])('tells about what a flow through %j takes on plain ops', (shape, units) => {
    const layer = built(units, shape[2]);
    const x = randomTensor(shape, 1);
    const told = gradientFlowBytes(layer, x).peakBytes;
    tf.env().set('EXPLICIT_LSTM_USE_FUSED', false);
    try {
      const peak = grownAtMost(() => gradientFlow(layer, x, SQUARES).dispose());
      expect(peak / told).toBeGreaterThan(0.9);
      expect(peak / told).toBeLessThan(1.4);
    } finally {
      tf.env().set('EXPLICIT_LSTM_USE_FUSED', true);
    }
  });

  test('grows with the length of the sequence no faster than it', () => {
    const layer = built(8, 3);
    const of = (timesteps: number) => gradientFlowBytes(layer, tf.zeros([1, timesteps, 3])).peakBytes;
    expect(of(8000) / of(4000)).toBeLessThanOrEqual(2);
    expect(of(8000) / of(4000)).toBeGreaterThan(1.5);
  });

  test('refuses what gradientFlow refuses', () => {
    expect(() => gradientFlowBytes(tf.layers.dense({ units: 1 }), tf.ones([1, 2, 3]))).toThrow(
      /^gradientFlowBytes: layer must be an LSTM/,
    );
    expect(() => gradientFlowBytes(built(2, 3), tf.ones([2, 3]))).toThrow(
      /^gradientFlowBytes: x must be a tensor \[B, T, D\], got \[2, 3\]/,
    );
    expect(() => gradientFlowModelBytes(3 as never, tf.ones([1]))).toThrow(/^gradientFlowModelBytes: model must be/);
  });
});
