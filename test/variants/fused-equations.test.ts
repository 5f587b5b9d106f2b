import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../src/index.js';
import type { LSTMCellArgs } from '../../src/layers/arguments.js';
import type { AnyLSTMCell } from '../../src/layers/lstm-cell.js';
import { BasicLSTMCell, basicLSTMCell, GreffCell, type GreffVariant, greffCell } from '../../src/variants/index.js';
import { useBackend } from '../../tools/backends.js';
import { asList, expectAllClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const ofGreff = (variant: GreffVariant) => (args: LSTMCellArgs) => greffCell({ ...args, variant });

const FUSED: [string, (args: LSTMCellArgs) => AnyLSTMCell][] = [
  ['basicLSTMCell', (args) => basicLSTMCell({ ...args, forgetBias: 1.5 }) as unknown as AnyLSTMCell],
  ['V', ofGreff('V')],
  ['NP', ofGreff('NP')],
  ['CIFG', ofGreff('CIFG')],
];

/** What a layer returns, and the gradients of it weighted at random, of one dropout mask after the other of the same seed. */
function results(makeCell: (args: LSTMCellArgs) => AnyLSTMCell, args: LSTMCellArgs, useFused: boolean) {
  const layer = lstm({ cell: makeCell(args), useFused, returnSequences: true, returnState: true, returnGates: true });
  layer.build([null, null, 3]);
  randomizeWeights(layer, 5);
  const x = randomTensor([2, 5, 3], 1);
  const mask = tf.tensor2d([1, 0, 1, 1, 1, 1, 1, 1, 0, 0], [2, 5], 'bool');
  const initialState = layer.cell.stateNames.map((_, n) => randomTensor([2, 4], 10 + n));
  let outputs: tf.Tensor[] = [];
  const loss = () => {
    const returned = asList(layer.apply(x, { mask, initialState, training: true } as never) as tf.Tensor[]);
    outputs = returned.map((output) => tf.keep(output));
    return tf.addN(outputs.map((output, n) => tf.sum(tf.mul(output, randomTensor(output.shape, 20 + n))))) as tf.Scalar;
  };
  const weights = layer.trainableWeights.map((weight) => weight.read());
  const { grads } = tf.engine().gradients(loss, [x, ...initialState, ...weights]);
  return { outputs, grads, implementation: layer.lastImplementation };
}

describe.each(['cpu', 'wasm'] as const)('On %s, the fused kernel', (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(FUSED)('computes and differentiates %s as the plain path does', (_, makeCell) => {
    for (const args of [
      { units: 4, dropout: 0.4, recurrentDropout: 0.3, seed: 3 },
      { units: 4, useBias: false },
    ]) {
      const [fused, plain] = [results(makeCell, args, true), results(makeCell, args, false)];
      expect(fused.implementation?.name).toMatch(/^wasm-/);
      expectAllClose(fused.outputs, plain.outputs);
      expectAllClose(fused.grads, plain.grads);
    }
  });
});

class OtherGreffCell extends GreffCell {
  static override readonly className = 'OtherGreffCell';
  override projectInput(...given: Parameters<GreffCell['projectInput']>) {
    return tf.neg<tf.Tensor2D>(super.projectInput(...given));
  }
}

class OtherBasicCell extends BasicLSTMCell {
  static override readonly className = 'OtherBasicCell';
  override stepFromProjectedInput(...given: Parameters<BasicLSTMCell['stepFromProjectedInput']>) {
    return super.stepFromProjectedInput(...given);
  }
}

test.each<[string, () => AnyLSTMCell]>([
  ...(['NIG', 'NFG', 'NOG', 'NIAF', 'NOAF', 'FGR'] as const).map(
    (variant) => [variant, () => greffCell({ units: 4, variant })] as [string, () => AnyLSTMCell],
  ),
  ['a class derived from GreffCell', () => new OtherGreffCell({ units: 4 })],
  ['a class derived from BasicLSTMCell', () => new OtherBasicCell({ units: 4 }) as unknown as AnyLSTMCell],
])('Of other equations, plain ops run the steps: %s', async (_, makeCell) => {
  await useBackend('cpu');
  const cell = makeCell();
  const layer = lstm({ cell });
  layer.apply(randomTensor([2, 5, 3], 1));
  const reason = `the cell of class ${cell.getClassName()} computes its steps itself`;
  expect(layer.lastImplementation).toEqual({ name: 'reference', reason });
});
