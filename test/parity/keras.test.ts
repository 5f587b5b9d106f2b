import * as tf from '@tensorflow/tfjs';
import { USE_FUSED_FLAG } from '../../src/fused/choose.js';
import { KERAS_DEFAULTS, lstm } from '../../src/index.js';
import { toTensor } from '../../src/testing/fixture.js';
import {
  checkFixture,
  type Fixture,
  type FixtureCall,
  fixtureModel,
  type LSTMFixtureConfig,
  type NamedFixtureTensor,
} from '../../src/testing/index.js';
import { callTensors } from '../../src/testing/run-call.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { asList, expectClose, TOLERANCE } from '../support/close.js';
import { KERAS_FIXTURES, kerasFixture } from '../support/keras-fixtures.js';

type Named = [title: string, fixture: Fixture];

// Its model cannot predict in tfjs, whatever the cells: see the test of that name.
const REFUSED_BY_THE_HOST = 'stacked-cells-masked';

const titled = (fixtures: Fixture[]) => fixtures.map((fixture): Named => [fixture.name, fixture]);
const argsOf = ({ config }: Fixture) => (config as LSTMFixtureConfig).args;
const firstCall = ({ calls }: Fixture) => calls[0] as FixtureCall;
const isStateful = ({ calls }: Fixture) => calls.length > 1;

/** The names of all that the fixture holds, which nothing may leave out of the comparison. */
function quantitiesIn({ calls, gates, gradients }: Fixture): number {
  const outputs = calls.flatMap((call) => call.outputs).length;
  const differentiated = gradients === null ? 0 : gradients.weights.length + 1 + gradients.initialStates.length + 1;
  return outputs + 6 * gates.length + differentiated;
}

function predict(model: tf.LayersModel, fixture: Fixture): tf.Tensor[] {
  const { x, mask, initialState } = callTensors(firstCall(fixture));
  return asList(model.predict([x, ...(mask === null ? [] : [mask]), ...initialState]) as tf.Tensor | tf.Tensor[]);
}

/** What training adds to the data loss, found as the whole loss without the mean squares. */
function trainedPenalty(history: number | number[], outputs: NamedFixtureTensor[]): number {
  const means = outputs.map(({ values }) => values.reduce((sum, value) => sum + value * value, 0) / values.length);
  return (asList(history)[0] as number) - means.reduce((sum, mean) => sum + mean, 0);
}

test('The fixtures cover the layer: none was lost', () => {
  expect(KERAS_FIXTURES.length).toBeGreaterThanOrEqual(73);
  expect(KERAS_FIXTURES.filter(isStateful).length).toBeGreaterThanOrEqual(3);
});

describe('without fused kernels, the explicit LSTM', () => {
  beforeAll(async () => {
    await useBackend('wasm');
    tf.env().set(USE_FUSED_FLAG, false);
  });
  afterAll(() => tf.env().set(USE_FUSED_FLAG, true));

  test.each(titled(KERAS_FIXTURES))('computes the outputs, gates and gradients of Keras: %s', async (_, fixture) => {
    const model = fixtureModel(fixture);
    const report = await checkFixture(model, fixture, { atol: TOLERANCE, rtol: TOLERANCE });
    expect(report.message).toBe(`${fixture.name}: all ${quantitiesIn(fixture)} quantities agree`);
    model.dispose();
  });
});

describe.each(NODE_BACKENDS)('on %s, the explicit LSTM', (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(titled(KERAS_FIXTURES))('computes the outputs, gates and gradients of Keras: %s', async (_, fixture) => {
    const model = fixtureModel(fixture);
    const report = await checkFixture(model, fixture, { atol: TOLERANCE, rtol: TOLERANCE });
    expect(report.message).toBe(`${fixture.name}: all ${quantitiesIn(fixture)} quantities agree`);
    model.dispose();
  });

  const predicting = KERAS_FIXTURES.filter((fixture) => !isStateful(fixture) && fixture.name !== REFUSED_BY_THE_HOST);
  test.each(titled(predicting))('predicts what Keras predicts, inside a functional model: %s', (_, fixture) => {
    tf.tidy(() => {
      const outputs = predict(fixtureModel(fixture), fixture);
      for (const [index, expected] of firstCall(fixture).outputs.entries()) {
        expectClose(outputs[index] as tf.Tensor, toTensor(expected), TOLERANCE);
      }
    });
  });

  const initialized = KERAS_FIXTURES.filter(({ initialBias }) => initialBias !== null);
  test.each(titled(initialized))('starts from the bias that Keras starts from: %s', (_, fixture) => {
    tf.tidy(() => {
      const layer = lstm(argsOf(fixture));
      layer.build(firstCall(fixture).input.shape);
      const bias = layer.getWeights()[2] as tf.Tensor;
      expectClose(bias, toTensor(fixture.initialBias as NonNullable<Fixture['initialBias']>));
    });
  });

  const regularized = KERAS_FIXTURES.filter(({ regularizationLoss }) => regularizationLoss !== null);
  test.each(titled(regularized))('adds to the loss in training what Keras adds: %s', async (_, fixture) => {
    const model = fixtureModel(fixture);
    // tfjs cannot add its own losses of a sequence and of a state, which have two shapes.
    const loss = (target: tf.Tensor, output: tf.Tensor) => tf.mean(tf.squaredDifference(target, output));
    model.compile({ loss, optimizer: tf.train.sgd(0) });
    const { outputs } = firstCall(fixture);
    const targets = outputs.map(({ shape }) => tf.zeros(shape));
    const history = await model.trainOnBatch(toTensor(firstCall(fixture).input), targets);
    const penalty = trainedPenalty(history, outputs);
    expectClose(tf.scalar(penalty), [fixture.regularizationLoss as number]);
  });
});

test('The fixtures hold initial biases and regularizers, so that the tests of them test something', () => {
  expect(KERAS_FIXTURES.filter(({ initialBias }) => initialBias !== null).length).toBeGreaterThanOrEqual(30);
  expect(KERAS_FIXTURES.filter(({ regularizationLoss }) => regularizationLoss !== null)).toHaveLength(3);
});

test("KERAS_DEFAULTS makes the layer that Keras's LSTM(units) makes", () => {
  const { units, ...defaults } = argsOf(kerasFixture('bias-keras-defaults'));
  const [expected, received] = [defaults, KERAS_DEFAULTS].map((args) => {
    const config = lstm({ ...args, units, name: 'same' }).getConfig();
    // No seed is undefined in one and null in the other.
    return JSON.stringify(config, (key, value) => (key === 'seed' ? null : value));
  });
  expect(received).toBe(expected);
});

test('Masked steps of NaN and infinity leave outputs, states and gates finite', () => {
  for (const name of ['mask-nan', 'mask-infinity']) {
    const { input, outputs } = firstCall(kerasFixture(name));
    expect(input.values.some((value) => !Number.isFinite(value))).toBe(true);
    expect(outputs.every(({ values }) => values.every(Number.isFinite))).toBe(true);
  }
});

test("tfjs's model executor refuses a layer over cells with a mask, initial states and several outputs", () => {
  const fixture = kerasFixture(REFUSED_BY_THE_HOST);
  expect(() => predict(fixtureModel(fixture), fixture)).toThrow('When inputs is an array');
});

test("tfjs's model executor moves a stateful layer on once for each output", () => {
  tf.tidy(() => {
    const fixture = kerasFixture('stateful-last');
    const steps = [lstm, tf.layers.lstm].map((make) => {
      const x = tf.input({ batchShape: [1, 2, 1] });
      const layer = make({ units: 1, stateful: true, returnState: true });
      let calls = 0;
      const outputs = layer.apply(x) as tf.SymbolicTensor[];
      const call = layer.call.bind(layer);
      layer.call = (inputs: tf.Tensor | tf.Tensor[], kwargs: Parameters<tf.layers.RNN['call']>[1]) => {
        calls++;
        return call(inputs, kwargs);
      };
      tf.model({ inputs: x, outputs }).predictOnBatch(tf.ones([1, 2, 1]));
      return calls;
    });
    expect(steps).toEqual([3, 3]);
    expect(isStateful(fixture)).toBe(true);
  });
});
