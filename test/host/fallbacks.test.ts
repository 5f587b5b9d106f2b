import * as tf from '@tensorflow/tfjs';
import { toExplicit } from '../../src/convert/index.js';
import { callBehind, callsOf, firstCallOf } from '../../src/host/call-graph.js';
import { ownOptimizer, setTrainedVariables, trainedVariables } from '../../src/host/compiled-model.js';
import { currentTape, gradientDepth } from '../../src/host/gradient-tape.js';
import { givenLayers } from '../../src/host/held-layers.js';
import { withoutRemains } from '../../src/host/new-variables.js';
import { copyOptimizerMemory } from '../../src/host/optimizer-memory.js';
import { identifierConfig, parseIdentifier } from '../../src/host/parse-identifier.js';
import { useBackend } from '../../tools/backends.js';
import { OPTIMIZERS } from '../support/optimizers.js';

type Fields = Record<string, unknown>;
const fieldsOf = (value: object) => value as Fields;

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

function compiled(): tf.LayersModel {
  const layers = [tf.layers.dense({ units: 2, inputShape: [3] }), tf.layers.dense({ units: 1 })];
  const model = tf.sequential({ layers });
  model.compile({ optimizer: tf.train.adam(), loss: 'meanSquaredError' });
  return model;
}

describe('What an optimizer remembers', () => {
  const stepped = () => {
    const optimizer = tf.train.adam(0.1);
    const weight = tf.variable(tf.tensor1d([1, 2]));
    optimizer.applyGradients([{ name: weight.name, tensor: tf.tensor1d([3, -4]) }]);
    return optimizer;
  };

  test('is copied', () => {
    const from = stepped();
    const to = tf.train.adam(0.1);
    expect(copyOptimizerMemory(from, to)).toBe(true);
    const moments = (optimizer: tf.Optimizer) =>
      (fieldsOf(optimizer).accumulatedFirstMoment as { variable: tf.Variable }[]).map(({ variable }) => [
        ...variable.dataSync(),
      ]);
    expect(moments(to)).toEqual(moments(from));
    expect(fieldsOf(to).iterations_).toBe(fieldsOf(from).iterations_);
  });

  test.each(Object.entries(OPTIMIZERS))('is known of %s', (_name, make) => {
    const from = make();
    const weight = tf.variable(tf.tensor1d([1, 2]));
    from.applyGradients([{ name: weight.name, tensor: tf.tensor1d([3, -4]) }]);
    const to = make();
    expect(copyOptimizerMemory(from, to)).toBe(true);
    const slotsOf = (optimizer: tf.Optimizer) =>
      Object.entries(optimizer).flatMap(([name, value]) =>
        Array.isArray(value) ? [[name, value.map(({ variable }) => [...variable.dataSync()])]] : [],
      );
    expect(slotsOf(to)).toEqual(slotsOf(from));
  });

  test.each([
    ['a list that is called otherwise', 'accumulatedFirstMoment', undefined],
    ['a list of something else', 'accumulatedSecondMoment', [{ originalName: 'w', value: 1 }]],
    ['a variable that is none', 'accBeta1', 0.9],
    ['a count that is none', 'iterations_', '3'],
  ])('is left where it is %s', (_title, field, value) => {
    const from = stepped();
    fieldsOf(from)[field] = value;
    const to = tf.train.adam(0.1);
    expect(copyOptimizerMemory(from, to)).toBe(false);
    expect([fieldsOf(to).accumulatedFirstMoment, fieldsOf(to).accumulatedSecondMoment]).toEqual([[], []]);
  });

  test('is told to be left, by a conversion', () => {
    const model = compiled();
    fieldsOf(model.optimizer).accBeta1 = 0.9;
    const notes: string[] = [];
    toExplicit(model, { onNote: (note) => notes.push(note) });
    expect(notes).toEqual([
      `toExplicit: the optimizer of '${model.name}' starts afresh, because its state cannot be copied.`,
    ]);
  });
});

describe('The variables that a compiled model trains', () => {
  test('are those that were trainable when it was compiled, where tfjs tells', () => {
    const model = compiled();
    const [first] = model.layers as [tf.layers.Layer];
    const all = [...model.trainableWeights];
    first.trainable = false;
    expect(trainedVariables(model)).toEqual(all);
    const some = all.slice(2);
    setTrainedVariables(model, some);
    expect(trainedVariables(model)).toEqual(some);
  });

  test('are those that are trainable now, where it does not', () => {
    const model = compiled();
    const inner = fieldsOf(fieldsOf(model).model as object);
    inner.collectedTrainableWeights = undefined;
    expect(trainedVariables(model)).toEqual(model.trainableWeights);
    setTrainedVariables(model, []);
    expect(inner.collectedTrainableWeights).toBeUndefined();
  });
});

test('A model owns an optimizer only where tfjs knows of owning', () => {
  const model = compiled();
  ownOptimizer(model);
  expect(fieldsOf(model).isOptimizerOwned).toBe(true);
  fieldsOf(model).isOptimizerOwned = undefined;
  ownOptimizer(model);
  expect(fieldsOf(model).isOptimizerOwned).toBeUndefined();
});

describe('The graph of calls', () => {
  const graph = () => {
    const input = tf.input({ shape: [3] });
    const output = tf.layers.dense({ units: 2 }).apply(input) as tf.SymbolicTensor;
    return { input, output, model: tf.model({ inputs: input, outputs: output }) };
  };

  test('is read in the order in which calls were made', () => {
    const { input, output, model } = graph();
    expect(callsOf(model).map(({ outputTensors }) => outputTensors[0])).toEqual([input, output]);
    expect(callBehind(output).inputTensors).toEqual([input]);
    expect(firstCallOf(input.sourceLayer).outputTensors).toEqual([input]);
  });

  const MESSAGE = 'this version of tfjs does not reveal how the layers of a model are connected';
  test.each(['id', 'outboundLayer', 'inboundLayers', 'inputTensors', 'outputTensors'])(
    'is not read where calls have no %s',
    (field) => {
      const { output, model } = graph();
      fieldsOf(callBehind(output))[field] = undefined;
      expect(() => callsOf(model)).toThrow(MESSAGE);
      expect(() => callBehind(output)).toThrow(MESSAGE);
    },
  );

  test('is not read where tensors do not tell their layer, or layers their calls', () => {
    const { output } = graph();
    const { sourceLayer } = output;
    fieldsOf(output).sourceLayer = undefined;
    expect(() => callBehind(output)).toThrow(MESSAGE);
    fieldsOf(sourceLayer).inboundNodes = undefined;
    expect(() => firstCallOf(sourceLayer)).toThrow(MESSAGE);
  });
});

describe('A recording of gradients', () => {
  const { state } = tf.engine();
  const recorded = <Result>(read: () => Result) => {
    let result: Result | undefined;
    tf.grad((x: tf.Tensor) => {
      result = read();
      return tf.sum(tf.square(x));
    })(tf.ones([2]));
    return result;
  };

  test('is told from the next one, and from none', () => {
    expect([gradientDepth(), currentTape()]).toEqual([0, null]);
    const [same, other] = [recorded(() => [currentTape(), currentTape()]), recorded(currentTape)];
    expect(same?.[0]).not.toBeNull();
    expect(same?.[0]).toBe(same?.[1]);
    expect(other).not.toBe(same?.[0]);
    expect(recorded(gradientDepth)).toBe(1);
  });

  test.each([
    ['tape', 'activeTape', () => ({})],
    ['depth', 'gradientDepth', () => undefined],
  ])('is not told where tfjs has no %s', (_title, field, value) => {
    const results = recorded(() => {
      const before = fieldsOf(state)[field];
      fieldsOf(state)[field] = value();
      try {
        return [gradientDepth(), currentTape()];
      } finally {
        fieldsOf(state)[field] = before;
      }
    });
    expect(results?.[1]).toBeNull();
    expect(results?.[0]).toBe(field === 'gradientDepth' ? null : 1);
  });
});

test('Where variables are not listed, those of a failure are left to the caller', () => {
  const fail = () => {
    tf.variable(tf.scalar(1));
    throw new Error('no');
  };
  const cleanUp = jest.fn();
  const before = tf.memory().numTensors;
  expect(() => withoutRemains(() => tf.tidy(fail), cleanUp)).toThrow('no');
  expect([tf.memory().numTensors, cleanUp.mock.calls.length]).toEqual([before, 1]);
  const listing = jest.spyOn(tf.engine(), 'registeredVariables', 'get').mockReturnValue(undefined as never);
  expect(() => withoutRemains(() => tf.tidy(fail), cleanUp)).toThrow('no');
  listing.mockRestore();
  expect(cleanUp).toHaveBeenCalledTimes(2);
});

test('A wrapper that holds no layer under the name of its argument was given none', () => {
  const wrapper = tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 1 }) });
  expect(givenLayers(wrapper)).toEqual({ argument: 'layer', layers: fieldsOf(wrapper).layer });
  fieldsOf(wrapper).layer = { inner: 1 };
  expect(givenLayers(wrapper)).toBeNull();
  expect(givenLayers(tf.layers.dense({ units: 1 }))).toBeNull();
});

test('A name, a config and an instance are parsed alike, and what tfjs makes nothing of is refused', () => {
  const config = { className: 'L1L2', config: { l1: 0.5, l2: 0.25 } };
  const instance = parseIdentifier('regularizer', structuredClone(config));
  expect(identifierConfig('regularizer', instance)).toEqual(config);
  expect(identifierConfig('activation', 'selu')).toBe('selu');
  expect(parseIdentifier('constraint', 'nonNeg').getClassName()).toBe('NonNeg');
  expect(() => parseIdentifier('initializer', 'none')).toThrow(/none/);
  expect(() => parseIdentifier('regularizer', null)).toThrow('tfjs made no regularizer of it');
});
