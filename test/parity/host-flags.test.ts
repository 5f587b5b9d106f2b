import * as tf from '@tensorflow/tfjs';
import { type LSTMArgs, lstm } from '../../src/index.js';
import { traceModel } from '../../src/inspect/index.js';
import { useBackend } from '../../tools/backends.js';
import { expectAllClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];
const SHAPE = [BATCH, TIMESTEPS, FEATURES];

/** Flags that an application may set, and what takes them back. Others than cpu leak by themselves under IS_TEST. */
const FLAGS: [name: string, backends: ('cpu' | 'wasm')[], set: (on: boolean) => void][] = [
  ['IS_TEST', ['cpu'], (on) => tf.env().set('IS_TEST', on)],
  ['DEBUG', ['cpu', 'wasm'], (on) => tf.env().set('DEBUG', on)],
  ['PROD', ['cpu', 'wasm'], (on) => tf.env().set('PROD', on)],
];

const x = () => randomTensor(SHAPE, 1);
const mask = () => tf.cast(tf.greater(randomTensor([BATCH, TIMESTEPS], 2), -0.3), 'bool');

function built(args: Partial<LSTMArgs>) {
  const layer = lstm({ units: UNITS, ...args });
  layer.apply(tf.input({ batchShape: [BATCH, null, FEATURES] }));
  randomizeWeights(layer, 3);
  return layer;
}

/** What is run with a flag and without: each returns tensors that must be the same. */
const RUNS: [title: string, run: () => tf.Tensor[]][] = [
  ['inference', () => [built({ returnSequences: true }).apply(x()) as tf.Tensor]],
  ['a stateful layer', () => [0, 1].map(() => built({ stateful: true }).apply(x()) as tf.Tensor)],
  ['a mask', () => [built({}).apply(x(), { mask: mask() }) as tf.Tensor]],
  ['gates', () => built({ returnGates: true, returnState: true }).apply(x()) as tf.Tensor[]],
  [
    'gradients',
    () => {
      const layer = built({ returnSequences: true });
      const { value, grads } = tf.variableGrads(() => tf.mean(tf.square(layer.apply(x()) as tf.Tensor)) as tf.Scalar);
      return [value, ...Object.values(grads)];
    },
  ],
  [
    'gradients of masked gates, and of the input',
    () => {
      const layer = built({ returnGates: true, recurrentActivation: 'sigmoid' });
      const loss = (input: tf.Tensor) => {
        const outputs = layer.apply(input, { mask: mask() }) as tf.Tensor[];
        return tf.addN(outputs.map((output) => tf.sum(tf.square(output)))) as tf.Scalar;
      };
      return [tf.grad(loss)(x())];
    },
  ],
  [
    'training with dropout of a seed',
    () => {
      const layer = built({ dropout: 0.3, recurrentDropout: 0.3, seed: 7 });
      return [tf.grad((input) => tf.sum(layer.apply(input, { training: true }) as tf.Tensor))(x())];
    },
  ],
  [
    'a trace',
    () => {
      const { f, c, h } = built({}).trace(x(), { mask: mask() });
      return [f, c, h];
    },
  ],
  [
    'the trace of a model',
    () => {
      const layer = lstm({ units: UNITS, inputShape: [TIMESTEPS, FEATURES] });
      const model = tf.sequential({ layers: [layer] });
      randomizeWeights(model, 3);
      return traceModel(model, x()).flatMap(({ trace }) => [trace.i, trace.o, trace.h]);
    },
  ],
];

describe.each(FLAGS)('With the flag %s,', (name, backends, set) => {
  const before = tf.env().getBool(name);
  afterEach(() => set(before));

  test.each(backends.flatMap((backend) => RUNS.map(([title, run]) => [title, backend, run] as const)))(
    '%s on %s is what it is without',
    async (_title, backend, run) => {
      await useBackend(backend);
      // With DEBUG, tfjs prints a line for each op, and warns that it is slow.
      const silent = (['log', 'warn'] as const).map((method) => jest.spyOn(console, method).mockImplementation());
      try {
        tf.tidy(() => {
          set(false);
          const expected = run();
          set(true);
          expectAllClose(run(), expected, 0);
        });
      } finally {
        // Some of the lines come when the op's time is known.
        await new Promise((done) => setTimeout(done));
        for (const spy of silent) spy.mockRestore();
      }
    },
  );
});

test('With the flag IS_TEST, what training saves is freed again', async () => {
  await useBackend('cpu');
  const layer = built({});
  const input = x();
  const gradient = () => tf.tidy(() => tf.grad((x) => tf.sum(layer.apply(x) as tf.Tensor))(input)).dispose();
  gradient();
  const { numTensors } = tf.memory();
  tf.env().set('IS_TEST', true);
  try {
    gradient();
  } finally {
    tf.env().set('IS_TEST', false);
  }
  expect(tf.memory().numTensors).toBe(numTensors);
  layer.dispose();
  input.dispose();
});
