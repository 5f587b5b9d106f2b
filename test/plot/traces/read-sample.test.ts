import * as tf from '@tensorflow/tfjs';
import { describeNonFinite, describeSample, readSample, titleOf } from '../../../src/plot/traces/read-sample.js';
import { randomSequences, traceOf } from '../../inspect/support/traces.js';

test('One sample of a trace is read, and no tensor stays', async () => {
  const sequences = randomSequences([3, 4, 2], 5);
  const mask = [
    [1, 1, 1, 1],
    [0, 1, 1, 0],
    [1, 1, 1, 1],
  ];
  const trace = { ...traceOf(sequences, { mask }), unitIndices: [7, 4] };
  const before = tf.memory().numTensors;
  const { sample, name } = await readSample('test', trace, 1);
  expect(name).toBeNull();
  expect(tf.memory().numTensors).toBe(before);
  expect(sample).toMatchObject({ sample: 1, timesteps: 4, units: 2, unitIndices: [7, 4] });
  expect(sample.valid).toEqual([false, true, true, false]);
  for (const quantity of ['i', 'f', 'g', 'o', 'c', 'h'] as const) {
    expect([...(sample.values[quantity] as Float32Array)]).toEqual(sequences[quantity][1]?.flat());
  }
  trace.dispose();
});

test('Without a mask all steps are valid, and units are numbered from 0', async () => {
  const trace = traceOf({ c: [[[-3, 2]], [[0, 1]]] });
  expect((await readSample('test', trace)).sample).toMatchObject({ sample: 0, valid: [true], unitIndices: [0, 1] });
  trace.dispose();
});

test('What is no trace, an empty one and a sample that there is not are refused', async () => {
  const trace = traceOf({ c: [[[1]], [[2]]] });
  const empty = traceOf({ c: [] });
  await expect(readSample('gateHeatmap', {} as never)).rejects.toThrow('gateHeatmap: trace must be a GateTrace');
  await expect(readSample('f', empty)).rejects.toThrow(
    'f: trace must have a sample, a timestep and a unit, got [0, 0, 0]',
  );
  for (const sample of [2, -1]) {
    await expect(readSample('f', trace, sample)).rejects.toThrow(
      `f: sample must be an integer within [0, 2), got ${sample}`,
    );
  }
  tf.dispose([trace, empty] as unknown as tf.TensorContainer);
});

test('A trace of a model tells which LSTM it is of', async () => {
  const trace = traceOf({ c: [[[1]]] });
  const layer = { layerName: 'encoder', direction: 'backward', cell: 1, call: 2, trace } as const;
  const { name, sample } = await readSample('f', layer);
  expect([name, sample.units]).toEqual(['encoder (backward, cell 1, call 2)', 1]);
  expect([titleOf('Gates', name), titleOf('Gates', null)]).toEqual([
    'Gates: encoder (backward, cell 1, call 2)',
    'Gates',
  ]);
  await expect(readSample('f', { ...layer, trace: {} } as never)).rejects.toThrow('f: trace must be a GateTrace');
  trace.dispose();
});

test('A sample is told with its masked steps and what is not finite', async () => {
  const trace = traceOf(
    {
      f: [
        [
          [Number.NaN, 1],
          [Number.NaN, 1],
          [1, Number.POSITIVE_INFINITY],
        ],
      ],
      o: [
        [
          [1, 1],
          [1, 1],
          [Number.NaN, 1],
        ],
      ],
    },
    { mask: [[1, 0, 1]] },
  );
  const { sample } = await readSample('f', trace);
  expect(describeSample(sample)).toBe('sample 0: 3 timesteps, 1 of them masked');
  expect(describeSample({ ...sample, timesteps: 1, valid: [true], sample: 4 })).toBe('sample 4: 1 timestep');
  expect(describeNonFinite(sample, ['i', 'f', 'o'])).toEqual(['red: NaN or infinite, 2 values of f, 1 value of o']);
  expect(describeNonFinite(sample, ['f'], [0])).toEqual(['red: NaN or infinite, 1 value of f']);
  expect(describeNonFinite(sample, ['i'])).toEqual([]);
  trace.dispose();
});
