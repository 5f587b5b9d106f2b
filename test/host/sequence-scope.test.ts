import * as tf from '@tensorflow/tfjs';
import { lstmCell } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomTensor } from '../support/random.js';

beforeAll(() => useBackend('cpu'));

const x = () => randomTensor([2, 5, 3], 1);

/** The outputs of two training calls of tf.layers.rnn over one cell and over a stack, with dropout masks counted. */
function run(makeCell: typeof lstmCell) {
  let drawn = 0;
  const dropoutFunc = (ones: tf.Tensor) => {
    drawn += 1;
    return tf.mul(ones, drawn);
  };
  const args = {
    units: 3,
    dropout: 0.5,
    dropoutFunc,
    kernelInitializer: 'ones',
    recurrentInitializer: 'ones',
  } as const;
  const layers = [
    tf.layers.rnn({ cell: makeCell(args), returnSequences: true }),
    tf.layers.rnn({ cell: [makeCell(args), makeCell(args)], returnSequences: true }),
  ];
  const outputs = layers.flatMap((layer) =>
    [1, 2].map(() => tf.tidy(() => (layer.apply(x(), { training: true }) as tf.Tensor).dataSync())),
  );
  return { outputs, drawn, layers };
}

/** The package as it is loaded afresh, in a tfjs whose scopes are as `change` makes them. */
function freshly(change: () => () => void): ReturnType<typeof run> {
  let result: ReturnType<typeof run> | undefined;
  jest.isolateModules(() => {
    jest.doMock('@tensorflow/tfjs', () => tf);
    const fresh = require('../../src/index.js') as typeof import('../../src/index.js');
    const undo = change();
    try {
      result = run(fresh.lstmCell);
    } finally {
      undo();
    }
  });
  return result as ReturnType<typeof run>;
}

test('Dropout masks hold for a sequence, and end with it', () => {
  run(lstmCell);
  const { numTensors } = tf.memory();
  const { drawn, layers } = run(lstmCell);
  // Four masks a set, of which the first serves; one set for each cell and call.
  expect(drawn).toBe(4 * (2 + 4));
  for (const layer of layers) layer.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('Where scopes are not as expected, the masks hold for a sequence all the same', () => {
  const expected = run(lstmCell);
  const engine = tf.engine();
  const received = freshly(() => {
    const { startScope, endScope } = engine;
    // Every scope within another one: tensors that are moved three scopes up go too early.
    engine.startScope = (name?: string) => {
      startScope.call(engine, name);
      startScope.call(engine, name);
    };
    engine.endScope = (result?: tf.TensorContainer) => {
      endScope.call(engine, result);
      endScope.call(engine, result);
    };
    return () => {
      engine.startScope = startScope;
      engine.endScope = endScope;
    };
  });
  expect(received.drawn).toBe(expected.drawn);
  for (const [n, output] of received.outputs.entries()) {
    expectClose(tf.tensor(output), tf.tensor(expected.outputs[n] as Float32Array), 0);
  }
});
