import * as tf from '@tensorflow/tfjs';
import { builtInLSTMClass } from '../../../src/host/built-in-classes.js';
import { accelerateBuiltIn, lastImplementation } from '../../../src/index.js';
import { isBuiltInAccelerated } from '../../../src/layers/accelerate/accelerate-built-in.js';
import { useBackend } from '../../../tools/backends.js';
import { accelerated } from '../../support/accelerated.js';
import { randomTensor } from '../../support/random.js';
import { warningsOf } from '../../support/warnings.js';

const { prototype } = builtInLSTMClass();
const original = Object.getOwnPropertyDescriptor(prototype, 'call');
const x = () => randomTensor([2, 5, 3], 1);

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => {
  tf.engine().endScope();
  // What one test has left must not reach the next.
  Object.defineProperty(prototype, 'call', original as PropertyDescriptor);
});

/** What a layer made just now runs on; undefined where it is not accelerated. */
function ranOn(layer: tf.layers.Layer = tf.layers.lstm({ units: 2 })): string | undefined {
  layer.apply(x());
  return lastImplementation(layer)?.name;
}

function expectUndone(): void {
  expect(Object.getOwnPropertyDescriptor(prototype, 'call')).toEqual(original);
  expect(prototype.call).toBe(original?.value);
  expect(isBuiltInAccelerated()).toBe(false);
  expect(ranOn()).toBeUndefined();
}

describe('accelerateBuiltIn', () => {
  test('reaches layers that are new and layers that were built and used before', () => {
    const before = tf.layers.lstm({ units: 2 });
    expect(ranOn(before)).toBeUndefined();
    const undo = accelerateBuiltIn();
    expect([ranOn(before), ranOn()]).toEqual([expect.stringMatching(/^wasm-/), expect.stringMatching(/^wasm-/)]);
    undo();
  });

  test('gives the very method back when it is undone, and may be undone twice', () => {
    const undo = accelerateBuiltIn();
    expect(prototype.call).not.toBe(original?.value);
    undo();
    expectUndone();
    const again = accelerateBuiltIn();
    undo();
    expect(ranOn()).toMatch(/^wasm-/);
    again();
    expectUndone();
  });

  test.each([
    ['the last first', [1, 0]],
    ['the first first', [0, 1]],
  ])('may be nested and undone in any order: %s', (_order, order) => {
    const undos = [accelerateBuiltIn(), accelerateBuiltIn()];
    const [first, second] = order as [number, number];
    undos[first]?.();
    expect(isBuiltInAccelerated()).toBe(true);
    expect(ranOn()).toMatch(/^wasm-/);
    undos[first]?.();
    expect(ranOn()).toMatch(/^wasm-/);
    undos[second]?.();
    expectUndone();
  });

  test("leaves somebody else's method that was put on top in place, and passes calls on below it", () => {
    const undo = accelerateBuiltIn();
    const below = prototype.call;
    let calls = 0;
    function counting(this: tf.layers.RNN, ...args: Parameters<typeof below>) {
      calls += 1;
      return below.apply(this, args);
    }
    prototype.call = counting;
    expect(ranOn()).toMatch(/^wasm-/);
    undo();
    expect(prototype.call).toBe(counting);
    expect(ranOn()).toBeUndefined();
    expect(calls).toBe(2);
    prototype.call = below;
    const again = accelerateBuiltIn();
    expect(ranOn()).toMatch(/^wasm-/);
    again();
    expectUndone();
  });

  test('shares one acceleration with another build of this package in the same process', () => {
    let other: typeof import('../../../src/index.js') | undefined;
    jest.isolateModules(() => {
      jest.doMock('@tensorflow/tfjs', () => tf);
      other = require('../../../src/index.js') as typeof import('../../../src/index.js');
    });
    expect(other?.accelerateBuiltIn).not.toBe(accelerateBuiltIn);
    const undo = accelerateBuiltIn();
    const replacement = prototype.call;
    const undoOther = other?.accelerateBuiltIn() as () => void;
    expect(prototype.call).toBe(replacement);
    undo();
    const layer = tf.layers.lstm({ units: 2 });
    expect(ranOn(layer)).toMatch(/^wasm-/);
    expect(other?.lastImplementation(layer)).toEqual(lastImplementation(layer));
    undoOther();
    expectUndone();
  });

  test('leaves nothing on a layer that JSON or a listing of its properties would show', () => {
    const layer = tf.layers.lstm({ units: 2 });
    layer.apply(x());
    const shown = () => [Object.keys(layer), layer.getConfig()];
    const before = shown();
    accelerated(() => ranOn(layer));
    expect(shown()).toEqual(before);
  });

  test('says once, at the first call, that a backend has no fused kernel, and what to do', async () => {
    const name = 'without-fused-kernels';
    tf.registerBackend(name, () => tf.findBackendFactory('cpu')() as tf.KernelBackend);
    for (const kernel of tf.getKernelsForBackend('cpu')) tf.registerKernel({ ...kernel, backendName: name });
    try {
      // Where the backend has them, a call that none applies to is nothing to warn of.
      const undo = accelerateBuiltIn();
      expect(await warningsOf(() => ranOn(tf.layers.lstm({ units: 2, activation: 'selu' })))).toEqual([]);
      expect(await warningsOf(() => tf.setBackend(name))).toEqual([]);
      const ownWarnings = (warnings: string[]) => warnings.filter((warning) => !warning.includes('Hi, looks like'));
      const warnings = ownWarnings(await warningsOf(() => [ranOn(), ranOn()]));
      expect(warnings).toEqual([
        expect.stringMatching(
          /^accelerateBuiltIn: there is no fused kernel for the backend 'without-fused-kernels'.*import '@tensorflow\/tfjs-backend-wasm'; await tf\.setBackend\('wasm'\)/,
        ),
      ]);
      undo();
      expect(await warningsOf(() => accelerated(() => ranOn()))).toEqual([]);
    } finally {
      await useBackend('cpu');
      tf.removeBackend(name);
    }
  });
});
