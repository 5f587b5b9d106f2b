import { unitOrder } from '../../../src/plot/rows/unit-order.js';
import { readSample } from '../../../src/plot/traces/read-sample.js';
import { traceOf } from '../../inspect/support/traces.js';

/** Unit 0 is never saturated and still; 1 moves most; 2 is saturated most often. The last step is masked. */
async function sample() {
  const trace = traceOf(
    {
      i: [
        [
          [0.5, 0.95, 0.95],
          [0.5, 0.5, 0.05],
          [0.05, 0.05, 0.5],
        ],
      ],
      f: [
        [
          [0.5, 0.5, 0.5],
          [0.5, 0.5, 0.5],
          [0.95, 0.5, 0.5],
        ],
      ],
      o: [
        [
          [0.9, 0.5, 0.5],
          [0.1, 0.5, 0.91],
          [0, 0.5, 0.5],
        ],
      ],
      h: [
        [
          [0.3, -1, 0.3],
          [0.3, 1, 0.4],
          [9, 0, 0],
        ],
      ],
    },
    { mask: [[1, 1, 0]] },
  );
  const read = await readSample('test', trace);
  trace.dispose();
  return read.sample;
}

test('Units are sorted by number, saturation and activity, at valid steps', async () => {
  const read = await sample();
  expect(unitOrder(read, 'index')).toEqual([0, 1, 2]);
  expect(unitOrder(read, 'saturation')).toEqual([2, 1, 0]);
  expect(unitOrder(read, 'activity')).toEqual([1, 2, 0]);
});

test('What is not finite is no activity', async () => {
  const trace = traceOf({
    h: [
      [
        [Number.NaN, 0.1, 0],
        [Number.POSITIVE_INFINITY, 0.2, 0],
      ],
    ],
  });
  expect(unitOrder((await readSample('test', trace)).sample, 'activity')).toEqual([1, 0, 2]);
  trace.dispose();
});
