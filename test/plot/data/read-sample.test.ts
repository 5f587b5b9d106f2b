import * as tf from '@tensorflow/tfjs';
import { readSample } from '../../../src/plot/data/read-sample.js';
import { largestOf } from '../../../src/plot/data/sample.js';
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
  const sample = await readSample('test', trace, 1);
  expect(tf.memory().numTensors).toBe(before);
  expect(sample).toMatchObject({ sample: 1, timesteps: 4, units: 2, unitNumbers: [7, 4] });
  expect(sample.valid).toEqual([false, true, true, false]);
  for (const quantity of ['i', 'f', 'g', 'o', 'c', 'h'] as const) {
    expect([...(sample.values[quantity] as Float32Array)]).toEqual(sequences[quantity][1]?.flat());
  }
  trace.dispose();
});

test('Without a mask all steps are valid, and units are numbered from 0', async () => {
  const trace = traceOf({ c: [[[-3, 2]], [[0, 1]]] });
  expect(await readSample('test', trace)).toMatchObject({ sample: 0, valid: [true], unitNumbers: [0, 1] });
  trace.dispose();
});

test('The largest value is the largest finite one at valid steps', async () => {
  const trace = traceOf(
    {
      c: [
        [
          [-3, 2],
          [Number.NEGATIVE_INFINITY, Number.NaN],
          [8, 1],
        ],
      ],
    },
    { mask: [[1, 1, 0]] },
  );
  expect(largestOf(await readSample('test', trace), 'c')).toBe(3);
  trace.dispose();
});

test('What is no trace, an empty one and a sample that there is not are refused', async () => {
  const trace = traceOf({ c: [[[1]], [[2]]] });
  const empty = traceOf({ c: [] });
  await expect(readSample('gateHeatmap', {} as never)).rejects.toThrow('gateHeatmap: trace must be a GateTrace');
  await expect(readSample('f', empty)).rejects.toThrow(
    'f: trace must have a sample, a timestep and a unit, got [0, 0, 0]',
  );
  for (const sample of [2, -1, 0.5]) {
    await expect(readSample('f', trace, sample)).rejects.toThrow(
      `f: sample must be an integer within [0, 2), got ${sample}`,
    );
  }
  tf.dispose([trace, empty] as unknown as tf.TensorContainer);
});
