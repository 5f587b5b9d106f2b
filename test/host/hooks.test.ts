import * as tf from '@tensorflow/tfjs';
import { hookMethod } from '../../src/host/hook-method.js';
import { afterNodeRuns } from '../../src/host/node-runs.js';
import { traceModel } from '../../src/inspect/index.js';
import { useBackend } from '../../tools/backends.js';
import { randomTensor } from '../support/random.js';

beforeAll(() => useBackend('cpu'));

/** What `use` returns of modules that are loaded afresh, and so check tfjs once more. */
function freshly<Result>(use: (load: (file: string) => Record<string, unknown>) => Result): Result {
  let result: Result | undefined;
  jest.isolateModules(() => {
    jest.doMock('@tensorflow/tfjs', () => tf);
    result = use((file) => require(`../../src/${file}.js`) as Record<string, unknown>);
  });
  return result as Result;
}

/** A model that uses one layer for two inputs. */
function twoUses(shared: tf.layers.Layer): tf.LayersModel {
  const inputs = [1, 2].map(() => tf.input({ shape: [3, 2] }));
  return tf.model({ inputs, outputs: inputs.map((input) => shared.apply(input) as tf.SymbolicTensor) });
}

test('A replaced method is called in the place of the own one, and is put back with or without one on the object', () => {
  const target = { own: () => 'own', toString: () => 'mine' };
  const object = Object.create(target) as typeof target;
  const undo = hookMethod(object, 'own', (own) => () => `not ${own()}`);
  expect(object.own()).toBe('not own');
  // As if it had been assigned.
  const property = { configurable: true, writable: true, enumerable: true };
  expect(Object.getOwnPropertyDescriptor(object, 'own')).toMatchObject(property);
  const undoAgain = hookMethod(object, 'own', (own) => () => `${own()} at all`);
  expect(object.own()).toBe('not own at all');
  undoAgain();
  expect(object.own()).toBe('not own');
  undo();
  expect([Object.hasOwn(object, 'own'), object.own()]).toEqual([false, 'own']);
});

test('A method that tfjs does not have cannot be replaced', () => {
  const layer = tf.layers.dense({ units: 1 });
  Object.defineProperty(layer, 'call', { value: undefined });
  const hook = () => hookMethod(layer, 'call', (call) => call);
  expect(hook).toThrow(new Error("this version of tfjs does not let 'call' of a Dense be replaced"));
});

test('Nothing is replaced where tfjs would not call the replacement', () => {
  freshly((load) => {
    const { hookMethod: fresh } = load('host/hook-method') as { hookMethod: typeof hookMethod };
    const apply = jest.spyOn(tf.layers.Layer.prototype, 'apply').mockImplementation((inputs) => inputs as tf.Tensor);
    const layer = tf.layers.dense({ units: 1 });
    expect(() => fresh(layer, 'call', (call) => call)).toThrow('does not let');
    expect(Object.hasOwn(layer, 'call')).toBe(false);
    apply.mockRestore();
  });
});

test('A shared layer tells which of its uses a model has run', () => {
  const shared = tf.layers.activation({ activation: 'tanh' });
  const model = twoUses(shared);
  const nodes: number[] = [];
  const before = tf.memory().numTensors;
  const undo = afterNodeRuns(shared, (node) => nodes.push(node));
  tf.tidy(() => void model.predictOnBatch([tf.ones([1, 3, 2]), tf.ones([1, 3, 2])]));
  undo();
  expect(nodes.sort()).toEqual([0, 1]);
  expect([Object.hasOwn(shared, 'getOutputAt'), tf.memory().numTensors]).toEqual([false, before]);
});

test('Where tfjs does not tell a use from another, calls are told by their inputs', () => {
  const model = twoUses(tf.layers.lstm({ units: 2 }));
  const inputs = [randomTensor([2, 3, 2], 1), randomTensor([2, 3, 2], 2)];
  const values = (look: typeof traceModel) =>
    look(model, inputs).map(({ trace }) => {
      const read = [...trace.c.dataSync()];
      trace.dispose();
      return read;
    });
  const expected = values(traceModel);
  const fallback = freshly((load) => {
    const call = jest.spyOn(tf.LayersModel.prototype, 'call').mockImplementation((given) => given);
    const { afterNodeRuns: fresh } = load('host/node-runs') as { afterNodeRuns: typeof afterNodeRuns };
    const shared = model.layers.at(-1) as tf.layers.Layer;
    fresh(shared, () => {});
    expect(Object.hasOwn(shared, 'getOutputAt')).toBe(false);
    call.mockRestore();
    return values((load('inspect/index') as { traceModel: typeof traceModel }).traceModel);
  });
  expect(expected).toHaveLength(2);
  expect(fallback).toEqual(expected);
});
