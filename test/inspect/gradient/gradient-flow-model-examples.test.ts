import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from '../../../src/index.js';
import { gradientFlowModel, type LayerFlow, traceModel } from '../../../src/inspect/index.js';
import { findLSTMs } from '../../../src/inspect/model/find-lstms.js';
import { useBackend } from '../../../tools/backends.js';
import { predict, randomInputs } from '../../convert/support/models.js';
import { expectClose } from '../../support/close.js';
import { randomTensor } from '../../support/random.js';
import { exampleCases, exampleOf } from '../support/example-models.js';
import { expectSameTrace, fingerprint, nameOf } from '../support/traced.js';

const ON_EVERY_BACKEND = [
  'a bidirectional encoder whose states a bidirectional decoder starts from',
  'stacked cells of several kinds',
  'a mask from an embedding',
];

const cases = exampleCases(ON_EVERY_BACKEND);

function labelsOf(model: tf.LayersModel, inputs: tf.Tensor[]): tf.Tensor[] {
  const outputs = [model.predict(inputs.length === 1 ? inputs[0]! : inputs)].flat() as tf.Tensor[];
  return outputs.map(({ shape }, n) => randomTensor(shape, 60 + n));
}

/**
 * The gradients of the LSTMs' weights that tfjs finds for the model's loss, by the weight's name. Of no others: on wasm,
 * embeddings have none.
 */
function gradientsOfTfjs(model: tf.LayersModel, inputs: tf.Tensor[], labels: tf.Tensor[]): tf.NamedTensorMap {
  const variables = findLSTMs(model).flatMap(({ lstmCell: { kernel, recurrentKernel, bias } }) =>
    [kernel, recurrentKernel, ...(bias == null ? [] : [bias])].map((weight) => weight.read() as tf.Variable),
  );
  return tf.variableGrads(() => {
    const outputs = [model.call(inputs, { training: false })].flat() as tf.Tensor[];
    const losses = outputs.map((output, n) => tf.mean(tf.square(tf.sub(output, labels[n]!))));
    return tf.addN(losses) as tf.Scalar;
  }, [...new Set(variables)]).grads;
}

/** The same according to flows: over all calls of each LSTM. */
function expectWeightGradients(model: tf.LayersModel, flows: LayerFlow[], expected: tf.NamedTensorMap): void {
  const cells = new Map<tf.layers.Layer, LayerFlow[]>();
  for (const one of flows) {
    const { lstmCell } = findLSTMs(model).find(
      ({ layerName, direction, cell }) =>
        layerName === one.layerName && direction === one.direction && cell === one.cell,
    )!;
    cells.set(lstmCell, [...(cells.get(lstmCell) ?? []), one]);
  }
  for (const [cell, calls] of cells) {
    const { kernel, recurrentKernel, bias } = cell as typeof cell & Record<string, tf.LayerVariable | null | undefined>;
    const variables = { kernel, recurrentKernel, bias };
    for (const name of ['kernel', 'recurrentKernel', 'bias'] as const) {
      const variable = variables[name];
      const found = calls.map(({ flow }) => flow.dWeights[name]);
      if (variable == null) {
        expect(found).toEqual(found.map(() => null));
        continue;
      }
      const whole = found.map((byGate) =>
        tf.concat(
          GATE_NAMES.map((gate) => byGate![gate] as tf.Tensor),
          -1,
        ),
      );
      expectClose(tf.addN(whole), expected[(variable.read() as tf.Variable).name]!);
    }
  }
}

describe.each(cases)('On %s, gradientFlowModel of the %s layers of: %s', (backend, kind, name) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test("finds every call that traceModel finds, and, over the calls, the weights' gradients that tfjs finds", () => {
    const model = exampleOf(kind, name);
    const inputs = randomInputs(model);
    const labels = labelsOf(model, inputs);
    const flows = gradientFlowModel(model, inputs, labels, { loss: 'meanSquaredError' });
    const traces = traceModel(model, inputs);
    expect(flows.map(nameOf)).toEqual(traces.map(nameOf));
    for (const [n, { flow }] of flows.entries()) expectSameTrace(flow.trace, traces[n]!.trace);
    expectWeightGradients(model, flows, gradientsOfTfjs(model, inputs, labels));
  });

  test('leaves the model, its outputs and the number of tensors as they were', () => {
    const model = exampleOf(kind, name);
    const inputs = randomInputs(model);
    const labels = labelsOf(model, inputs);
    const outputs = predict(model, inputs);
    const before = fingerprint(model);
    const { numTensors } = tf.memory();
    const flows = gradientFlowModel(model, inputs, labels, { loss: 'meanSquaredError' });
    for (const { flow } of flows) flow.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(fingerprint(model)).toEqual(before);
    expect(predict(model, inputs)).toEqual(outputs);
  });
});
