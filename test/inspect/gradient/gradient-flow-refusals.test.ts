import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { flowStatistics, gradientFlow, inputSensitivity } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { layerOfKind, randomCall } from '../../support/alike-layers.js';
import { LAYER_KIND_NAMES } from '../../support/layer-kinds.js';

const SUM = (h: tf.Tensor) => tf.sum(h) as tf.Scalar;

describe.each(LAYER_KIND_NAMES)('gradientFlow through %s refuses, leaving no tensor behind,', (kind) => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const refused: [string, (h: tf.Tensor) => unknown, RegExp][] = [
    ['a loss that returns no scalar', (h) => tf.sum(h, 2), /^gradientFlow: loss must return a scalar.* shape \[4, 6\]/],
    ['a loss that returns a number', () => 3, /^gradientFlow: loss must return a scalar.* got 3/],
    ['a loss that returns a promise', async (h) => tf.sum(h), /^gradientFlow: loss must return a scalar.* Promise/],
    [
      'a loss that does not look at h',
      () => tf.scalar(1),
      /^gradientFlow: loss must depend on h through diff.* operations, got/,
    ],
    [
      'a loss with an operation that has no gradient',
      (h) => tf.sum(tf.cast(tf.greater(h, 0), 'float32')),
      /^gradientFlow: loss must depend on h through differentiable operations \(.*Greater\), got the function/,
    ],
    [
      'a loss that throws, with what it throws',
      () => {
        throw new Error('no loss today');
      },
      /^no loss today$/,
    ],
  ];

  test.each(refused)('%s', (_, loss, message) => {
    const layer = layerOfKind(kind);
    const { x, mask } = randomCall({ mask: 'with holes' });
    const { numTensors } = tf.memory();
    expect(() => gradientFlow(layer, x, loss as typeof SUM, { mask })).toThrow(message);
    expect(tf.memory().numTensors).toBe(numTensors);
    // Nothing of a tape that was left is in the way of the next one.
    gradientFlow(layer, x, SUM, { mask }).dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('gradientFlow', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test("tells why an operation has no gradient, by tfjs's error", () => {
    const loss = (h: tf.Tensor) => tf.sum(tf.cast(tf.greater(h, 0), 'float32')) as tf.Scalar;
    try {
      gradientFlow(layerOfKind('the explicit layer'), randomCall().x, loss);
    } catch (error) {
      expect((error as Error).cause).toEqual(
        new Error('Cannot compute gradient: gradient function not found for Greater.'),
      );
    }
    expect.assertions(1);
  });

  test('is 0 where tfjs defines the gradient of an operation as 0', () => {
    const loss = (h: tf.Tensor) => tf.sum(tf.cast(tf.argMax(h, 2), 'float32')) as tf.Scalar;
    const flow = gradientFlow(layerOfKind('the explicit layer'), randomCall().x, loss);
    expect(tf.max(tf.abs(flow.dh)).arraySync()).toBe(0);
  });

  const [x, layer] = [() => randomCall().x, () => layerOfKind('the explicit layer')];
  const calls: [string, () => unknown, RegExp][] = [
    [
      'what is not an LSTM',
      () => gradientFlow(tf.layers.dense({ units: 1 }), x(), SUM),
      /^gradientFlow: layer must be an LSTM/,
    ],
    [
      'a layer that is not built',
      () => gradientFlow(lstm({ units: 1 }), x(), SUM),
      /^gradientFlow: the layer must be built/,
    ],
    [
      'an x of another rank',
      () => gradientFlow(layer(), tf.ones([4, 3]), SUM),
      /^gradientFlow: x must be a tensor \[B, T, D\]/,
    ],
    [
      'an empty batch',
      () => gradientFlow(layer(), tf.ones([0, 6, 3]), SUM),
      /^gradientFlow: x must have one sample or more, got \[0, 6, 3\]/,
    ],
    [
      'a loss that is no function',
      () => gradientFlow(layer(), x(), 'mse' as never),
      /^gradientFlow: loss must be a function of h, got 'mse'/,
    ],
    [
      'an option spelt otherwise',
      () => gradientFlow(layer(), x(), SUM, { initial_state: null } as never),
      /must be spelt 'initialState'/,
    ],
    [
      'a mask of another shape',
      () => gradientFlow(layer(), x(), SUM, { mask: tf.ones([4, 5]) }),
      /^gradientFlow: mask must be \[B, T\] = \[4, 6\]/,
    ],
    [
      'states of another shape',
      () => gradientFlow(layer(), x(), SUM, { initialState: [tf.ones([4, 2])] }),
      /^gradientFlow: initialState must/,
    ],
    [
      'a step that there is not',
      () => gradientFlow(layer(), x(), SUM).stepJacobian(6),
      /stepJacobian: t must be a whole number from 0 to 5, got 6/,
    ],
    ['a negative step', () => gradientFlow(layer(), x(), SUM).stepJacobian(-1), /stepJacobian: t must be .*, got -1/],
    [
      'the Jacobian of a flow that is disposed',
      () => {
        const flow = gradientFlow(layer(), x(), SUM);
        flow.dispose();
        return flow.stepJacobian(0);
      },
      /stepJacobian: the flow must not be disposed/,
    ],
    [
      'a timestep that there is not',
      () => inputSensitivity(layer(), x(), { timestep: 6 }),
      /^inputSensitivity: timestep must be .* 0 to 5, got 6/,
    ],
    [
      'a timestep that is no whole number',
      () => inputSensitivity(layer(), x(), { timestep: 0.5 }),
      /timestep must be .*, got 0.5/,
    ],
    [
      'an option of the sensitivity spelt otherwise',
      () => inputSensitivity(layer(), x(), { time_step: 1 } as never),
      /must be spelt 'timestep'/,
    ],
  ];

  test.each(calls)('refuses %s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});

describe('flowStatistics refuses', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const flow = () => gradientFlow(layerOfKind('the explicit layer'), randomCall().x, SUM);
  const calls: [string, () => Promise<unknown>, RegExp][] = [
    [
      'what is not a flow',
      () => flowStatistics({} as never),
      /^flowStatistics: flow must be what gradientFlow returns/,
    ],
    [
      'nothing',
      () => flowStatistics(null as never),
      /^flowStatistics: flow must be what gradientFlow returns, got null/,
    ],
    [
      'a flow that is disposed',
      () => {
        const disposed = flow();
        disposed.dispose();
        return flowStatistics(disposed);
      },
      /^flowStatistics: flow must not be disposed/,
    ],
    [
      'a step that there is not',
      () => flowStatistics(flow(), { jacobianAt: [0, 6] }),
      /jacobianAt must be whole numbers from 0 to 5, got \[0, 6\]/,
    ],
    [
      'a threshold of vanishing that is none',
      () => flowStatistics(flow(), { vanishing: 1 }),
      /vanishing must be a number between 0 and 1, got 1/,
    ],
    [
      'a threshold of exploding that is none',
      () => flowStatistics(flow(), { exploding: 1 }),
      /exploding must be a number above 1, got 1/,
    ],
    [
      'an option spelt otherwise',
      () => flowStatistics(flow(), { jacobian_at: [] } as never),
      /must be spelt 'jacobianAt'/,
    ],
  ];

  test.each(calls)('%s', async (_, call, message) => {
    await expect(call()).rejects.toThrow(message);
  });
});
