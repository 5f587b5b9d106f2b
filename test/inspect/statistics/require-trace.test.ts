import * as tf from '@tensorflow/tfjs';
import { requireTrace } from '../../../src/inspect/statistics/require-trace.js';
import { useBackend } from '../../../tools/backends.js';
import { traceOf } from '../support/traces.js';

beforeAll(() => useBackend('cpu'));

const values = { i: [[[0.5, 0.5]], [[0.5, 0.5]]] };

function refusal(trace: unknown): Error | null {
  try {
    requireTrace('here', trace);
    return null;
  } catch (error) {
    return error as Error;
  }
}

test('A trace with or without a mask is taken', () => {
  tf.tidy(() => {
    expect(refusal(traceOf(values))).toBeNull();
    expect(refusal(traceOf(values, { mask: [[1], [0]] }))).toBeNull();
  });
});

test.each([
  [null, 'null'],
  [3, '3'],
  [Promise.resolve(), 'an object of class Promise with keys []'],
  [{ units: 2 }, "an object of class Object with keys ['units']"],
])('%p is refused as not being a trace', (value, shown) => {
  const message = `here: trace must be a GateTrace, as traceLayer returns it, got ${shown}`;
  expect(refusal(value)).toEqual(new RangeError(message));
});

test('A trace in which one quantity is missing, or the number of units, is refused', () => {
  tf.tidy(() => {
    expect(refusal({ ...traceOf(values), o: undefined })?.message).toMatch(/^here: trace must be a GateTrace/);
    expect(refusal({ ...traceOf(values), units: undefined })?.message).toMatch(/^here: trace must be a GateTrace/);
  });
});

test('A sequence or a mask of another shape is refused', () => {
  tf.tidy(() => {
    const trace = traceOf(values);
    const cases = [
      [{ g: tf.zeros([2, 3, 2]) }, 'trace.g must be [B, T, U] = [2, 1, 2], got [2, 3, 2]'],
      [{ units: 3 }, 'trace.i must be [B, T, U] = [2, 1, 3], got [2, 1, 2]'],
      [{ mask: tf.ones([2, 2]) }, 'trace.mask must be null or [B, T] = [2, 1], got a Tensor of shape [2, 2]'],
      [{ mask: [[1], [1]] }, 'trace.mask must be null or [B, T] = [2, 1], got [[1], [1]]'],
    ] as const;
    for (const [change, message] of cases) {
      expect(refusal({ ...trace, ...change })).toEqual(new RangeError(`here: ${message}`));
    }
  });
});

test('A disposed trace is refused, even if only one tensor of it is disposed', () => {
  const trace = traceOf(values, { mask: [[1], [1]] });
  trace.f.dispose();
  expect(refusal(trace)).toEqual(new RangeError("here: trace must not have disposed tensors, got ['f']"));
  trace.dispose();
  expect(refusal(trace)?.message).toBe(
    "here: trace must not have disposed tensors, got ['i', 'f', 'g', 'o', 'c', 'h', 'mask']",
  );
});
