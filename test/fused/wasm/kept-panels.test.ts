import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs';
import type { FusedInputs } from '../../../src/fused/fused-kernel.js';
import { runFused } from '../../../src/fused/run-fused.js';
import { CopyingHeap, openHeap, SharedHeap } from '../../../src/fused/wasm/heap.js';
import { KeptPanels } from '../../../src/fused/wasm/kept-panels.js';
import { fastestBuild } from '../../../src/fused/wasm/module.js';
import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { lstm } from '../../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';
import { randomTensor } from '../../support/random.js';

/** Of more than are multiplied at once, and not of whole vectors or panels. */
const [D, U] = [11, 10];

const OPTIONS = {
  activation: 'tanh',
  recurrentActivation: 'sigmoid',
  goBackwards: false,
  zeroOutputForMask: false,
  keepOutputs: false,
  keepGates: false,
};

function inputsOf(B: number, T: number, seed: number): FusedInputs {
  return {
    x: randomTensor([B, T, D], seed),
    h0: null,
    c0: null,
    kernel: randomTensor([D, 4 * U], seed + 1),
    recurrentKernel: randomTensor([U, 4 * U], seed + 2),
    bias: randomTensor([4 * U], seed + 3),
    mask: null,
    inputDropoutMasks: [],
    recurrentDropoutMasks: [],
  };
}

/** With other copies of the weights, of which no panels are kept. */
function fresh(inputs: FusedInputs): FusedInputs {
  const copy = (weights: tf.Tensor2D) => tf.tensor2d(weights.dataSync().slice(), weights.shape);
  return { ...inputs, kernel: copy(inputs.kernel), recurrentKernel: copy(inputs.recurrentKernel) };
}

const kernel = new WasmKernel();
const lastOutput = (inputs: FusedInputs) => runFused(kernel, inputs, OPTIONS).lastOutput;
const panels = () => openHeap(fastestBuild() as 'simd').keptPanels as KeptPanels;

/** Forgets what earlier tests have left: weights that nobody knows have the panels of disposed ones freed. */
function forgetDisposed(): void {
  tf.tidy(() => lastOutput(inputsOf(1, 1, 99)));
}

describe.each(NODE_BACKENDS)('On %s', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => {
    tf.engine().startScope();
    forgetDisposed();
  });
  afterEach(() => tf.engine().endScope());

  test.each([
    [1, 1],
    [1, 9],
    [3, 1],
    [2, 4],
  ])('panels of weights are kept from the second call on, with the same results: B = %p, T = %p', (B, T) => {
    const inputs = inputsOf(B, T, 1);
    const expected = lastOutput(fresh(inputs));
    const before = panels().bytes;
    for (let call = 0; call < 4; call++) {
      expectClose(lastOutput(inputs), expected, 0);
      const { bytes } = panels();
      if (call === 0) expect(bytes).toBe(before);
      else expect(bytes - before).toBeGreaterThanOrEqual(4 * (D + U) * 4 * U);
    }
    const another = { ...inputs, x: randomTensor([2, 3, D], 8) as tf.Tensor3D };
    expectClose(lastOutput(another), lastOutput(fresh(another)), 0);
  });

  test('kept panels are used: the weights are not read any more', () => {
    const inputs = inputsOf(1, 1, 1);
    for (let call = 0; call < 2; call++) lastOutput(inputs);
    const read = jest.spyOn((backend === 'wasm' ? SharedHeap : CopyingHeap).prototype, 'input');
    try {
      lastOutput(inputs);
      const tensors = read.mock.calls.map(([tensor]) => tensor);
      expect(tensors).toContain(inputs.x);
      expect(tensors).not.toContain(inputs.kernel);
      expect(tensors).not.toContain(inputs.recurrentKernel);
    } finally {
      read.mockRestore();
    }
  });

  test('what is assigned to a variable is what is computed with', () => {
    const inputs = inputsOf(1, 2, 1);
    const [w, r] = [tf.variable(inputs.kernel), tf.variable(inputs.recurrentKernel)];
    const variables = { ...inputs, kernel: w as tf.Tensor2D, recurrentKernel: r as tf.Tensor2D };
    for (let round = 0; round < 3; round++) {
      for (let call = 0; call < 3; call++) expectClose(lastOutput(variables), lastOutput(fresh(variables)), 0);
      w.assign(randomTensor([D, 4 * U], 20 + round));
      r.assign(randomTensor([U, 4 * U], 30 + round));
    }
    tf.dispose([w, r]);
  });

  test('training, setWeights and another model in turn are never answered with old weights, and nothing grows', () => {
    const make = (seed: number) => {
      const layer = lstm({ units: U, inputShape: [3, D] });
      const model = tf.sequential({ layers: [layer] });
      model.setWeights(model.getWeights().map(({ shape }, n) => randomTensor(shape, seed + n, 0.5)));
      return model;
    };
    const plain = lstm({ units: U, inputShape: [3, D], useFused: false });
    const reference = tf.sequential({ layers: [plain] });
    const models = [make(40), make(50)];
    const x = randomTensor([2, 3, D], 60);
    const optimizer = tf.train.sgd(0.5);
    const expectRight = () => {
      const expected = models.map((model) => {
        reference.setWeights(model.getWeights());
        return reference.predict(x) as tf.Tensor;
      });
      for (let turn = 0; turn < 3; turn++) {
        for (const [n, model] of models.entries()) {
          expectClose(model.predict(x) as tf.Tensor, expected[n] as tf.Tensor, 1e-5);
        }
      }
    };
    let [tensors, bytes] = [0, 0];
    for (let round = 0; round < 4; round++) {
      tf.tidy(() => {
        expectRight();
        for (const model of models) {
          optimizer.minimize(() => tf.mean(tf.square(model.apply(x) as tf.Tensor)));
        }
        expectRight();
        models[0]?.setWeights((models[0] as tf.Sequential).getWeights().map((weight) => tf.mul(weight, 0.9)));
        expectRight();
      });
      if (round === 1) [tensors, bytes] = [tf.memory().numTensors, panels().bytes];
    }
    expect(bytes).toBeGreaterThan(0);
    expect([tf.memory().numTensors, panels().bytes]).toEqual([tensors, bytes]);
    for (const model of [...models, reference]) model.dispose();
    optimizer.dispose();
  });

  test('the panels of disposed weights are freed when weights come that are not known', () => {
    const before = panels().bytes;
    tf.tidy(() => {
      const inputs = inputsOf(1, 2, 1);
      for (let call = 0; call < 3; call++) lastOutput(inputs);
      expect(panels().bytes).toBeGreaterThan(before);
    });
    forgetDisposed();
    expect(panels().bytes).toBe(before);
  });

  test('training makes no panels, and uses those that are there', () => {
    const inputs = inputsOf(2, 3, 1);
    const before = panels().bytes;
    const gradient = (given: FusedInputs) =>
      tf.grad((x) => tf.sum(lastOutput({ ...given, x: x as tf.Tensor3D })))(given.x);
    const first = gradient(inputs);
    gradient(inputs);
    expect(panels().bytes).toBe(before);
    for (let call = 0; call < 2; call++) lastOutput(inputs);
    expectClose(gradient(inputs), first, 0);
  });

  test('the same data in another shape are other weights', () => {
    const inputs = inputsOf(1, 2, 1);
    for (let call = 0; call < 3; call++) lastOutput(inputs);
    const data = randomTensor([8 * 4 * 2], 3);
    const shaped = (units: number) => ({
      ...inputs,
      x: randomTensor([1, 2, 16 / units], 4) as tf.Tensor3D,
      kernel: tf.reshape(data, [16 / units, 4 * units]) as tf.Tensor2D,
      recurrentKernel: randomTensor([units, 4 * units], 5) as tf.Tensor2D,
      bias: null,
    });
    const [two, four] = [shaped(2), shaped(4)];
    for (let call = 0; call < 3; call++) {
      for (const given of [two, four]) expectClose(lastOutput(given), lastOutput(fresh(given)), 0);
    }
  });

  test('panels that a failed call should have packed are packed by the next one', () => {
    const inputs = inputsOf(1, 2, 1);
    const expected = lastOutput(inputs);
    const before = panels().bytes;
    const view = jest.spyOn((backend === 'wasm' ? SharedHeap : CopyingHeap).prototype, 'view');
    view.mockImplementation(() => {
      throw new Error('out of memory');
    });
    try {
      expect(() => tf.tidy(() => lastOutput(inputs))).toThrow('out of memory');
    } finally {
      view.mockRestore();
    }
    expect(panels().bytes).toBe(before);
    for (let call = 0; call < 2; call++) expectClose(lastOutput(inputs), expected, 0);
  });
});

describe('Kept panels', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const MOST = 1000;

  function made() {
    const blocks = new Map<number, number>();
    let next = 64;
    const memory = {
      allocate: (bytes: number) => {
        const address = next;
        next += bytes;
        blocks.set(address, bytes);
        return address;
      },
      free: (address: number) => expect(blocks.delete(address)).toBe(true),
    };
    const kept = new KeptPanels(memory, MOST);
    /** One call, with all of these weights. */
    const call = (...weights: tf.Tensor2D[]) => {
      kept.beginCall();
      return weights.map((tensor) => {
        const found = kept.want(tensor, (rows, columns) => rows * columns);
        if (found !== null) found.isPacked = true;
        return found;
      });
    };
    const bytes = () => [...blocks.values()].reduce((sum, size) => sum + size, 0);
    return { kept, call, bytes };
  }

  test('take no more memory than they may; those not wanted for the longest time go first', () => {
    const { kept, call, bytes } = made();
    const [a, b, c, d] = [0, 1, 2, 3].map((n) => randomTensor([10, 20], n) as tf.Tensor2D) as [
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    for (const weights of [a, a, b, b, c, c]) call(weights);
    expect(kept.bytes).toBe(bytes());
    const [ofA] = call(a);
    call(d);
    call(d);
    expect(kept.bytes).toBeLessThanOrEqual(MOST);
    expect(call(a)).toEqual([ofA]);
    expect(kept.find(b)).toBeNull();
    expect([c, d].map((weights) => kept.find(weights))).not.toContain(null);
    expect(kept.bytes).toBe(bytes());
  });

  test('leave out what would push out other weights of the same call, and what is too large alone', () => {
    const { kept, call } = made();
    const [a, b, large] = [
      [20, 20],
      [20, 25],
      [40, 40],
    ].map((shape, n) => randomTensor(shape, n) as tf.Tensor2D) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    call(a, b);
    expect(call(a, b)).toEqual([expect.anything(), null]);
    call(large);
    expect(call(large)).toEqual([null]);
    expect(kept.find(a)).not.toBeNull();
  });

  test('are freed when nobody has the weights any more', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const { kept, call, bytes } = made();
    tf.tidy(() => {
      const weights = randomTensor([10, 20], 1) as tf.Tensor2D;
      call(weights);
      call(weights);
    });
    expect(bytes()).toBeGreaterThan(0);
    for (let attempt = 0; attempt < 100 && bytes() > 0; attempt++) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect([bytes(), kept.bytes]).toEqual([0, 0]);
  });
});
