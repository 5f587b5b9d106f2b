import * as tf from '@tensorflow/tfjs';
import { lstm, lstmCell } from '../../../src/index.js';
import { topSnippets, traceLayer, traceValues, unitsOn } from '../../../src/inspect/index.js';
import { peepholeCell } from '../../../src/variants/index.js';
import { useBackend } from '../../../tools/backends.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { traceOf } from '../support/traces.js';

beforeAll(() => useBackend('cpu'));

test('A trace is read whole, and the numbers outlive it', async () => {
  const trace = traceOf({ i: [[[0.25, 0.5]], [[0.75, 1]]] }, { mask: [[1], [0]], activation: 'relu' });
  const values = await traceValues(trace);
  trace.dispose();
  expect(values).toMatchObject({
    batch: 2,
    timesteps: 1,
    units: 2,
    activation: 'relu',
    recurrentActivation: 'sigmoid',
  });
  expect(Object.keys(values.sequences)).toEqual(['i', 'f', 'g', 'o', 'c', 'h']);
  expect([...(values.sequences.i as ArrayLike<number> & Iterable<number>)]).toEqual([0.25, 0.5, 0.75, 1]);
  expect([...(values.mask as Iterable<number> & ArrayLike<number>)]).toEqual([1, 0]);
});

test('A state of another width than the units has places of its own, which are searched by their index', async () => {
  const layer = lstm({ cell: peepholeCell({ units: 4, projectionUnits: 2 }) });
  const x = randomTensor([2, 6, 3], 3, 2);
  layer.apply(x);
  randomizeWeights(layer, 3);
  const trace = traceLayer(layer, x);
  const values = await traceValues(trace);
  for (const searched of [trace, values]) {
    expect(topSnippets(searched, { unit: 1, quantity: 'h' })).not.toEqual([]);
    expect(() => topSnippets(searched, { unit: 2, quantity: 'h' })).toThrow('which have 2 units, got 2');
    expect(topSnippets(searched, { unit: 3, quantity: 'c' })).not.toEqual([]);
  }
  trace.dispose();
});

test('On webgpu, where numbers can only be waited for, tensors are refused and their numbers are not', async () => {
  const trace = traceOf({ h: [[[0.9], [0]]] });
  const values = await traceValues(trace);
  const backend = tf.getBackend();
  tf.engine().backendName = 'webgpu';
  try {
    expect(() => unitsOn(trace, { from: 0, to: 0 })).toThrow(
      new Error('unitsOn: on webgpu numbers can only be waited for; search `await traceValues(trace)` instead'),
    );
    expect(unitsOn(values, { from: 0, to: 0 })).toMatchObject([{ unit: 0, overlap: 1 }]);
  } finally {
    tf.engine().backendName = backend;
    trace.dispose();
  }
});

test('What is not a trace is refused', async () => {
  await expect(traceValues(lstmCell({ units: 2 }) as never)).rejects.toThrow(
    'traceValues: trace must be a GateTrace, as traceLayer returns it',
  );
});
