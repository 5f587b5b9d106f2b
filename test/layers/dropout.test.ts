import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from '../../src/core/quantities.js';
import { drawDropoutMasks, dropoutFunction, stepMasksDrawer } from '../../src/layers/dropout.js';
import { useBackend } from '../../tools/backends.js';

beforeAll(() => useBackend('cpu'));

test('The first dropout mask serves every gate, unless the hidden state is dropped: then each gate has its own', () => {
  const drawn = (dropout: number, recurrentDropout: number) => {
    const before = tf.memory().numTensors;
    const { input, recurrent } = drawDropoutMasks(
      { gateNames: GATE_NAMES, dropout, recurrentDropout },
      dropoutFunction(3),
      [2, 5],
      [2, 4],
    );
    const values = [input, recurrent].map((masks) => masks.map((mask) => [mask.shape, [...mask.dataSync()]]));
    tf.dispose([...input, ...recurrent]);
    expect(tf.memory().numTensors).toBe(before);
    return values;
  };
  const first = (rate: number, shape: [number, number]) =>
    tf.tidy(() => [shape, [...dropoutFunction(3)(tf.ones(shape), rate).dataSync()]]);
  expect(drawn(0, 0)).toEqual([[], []]);
  expect(drawn(0.4, 0)).toEqual([[first(0.4, [2, 5])], []]);
  expect(drawn(0, 0.3).map((masks) => masks.length)).toEqual([0, 4]);
  const [input, recurrent] = drawn(0.4, 0.3) as [unknown[], unknown[]];
  expect([input.length, recurrent.length]).toEqual([4, 4]);
  expect(input[0]).toEqual(first(0.4, [2, 5]));
  expect(new Set([...input, ...recurrent].map(String)).size).toBe(8);
});

describe('What is drawn for each step', () => {
  const NONE = { candidateDropout: 0, zoneout: 0, zoneoutCell: 0 };
  const widths: Record<string, number> = { g: 2, h: 3, c: 4 };
  const drawn = (rates: Partial<typeof NONE>) => {
    const draws: [number[], number][] = [];
    const draw = (ones: tf.Tensor, rate: number) => {
      draws.push([ones.shape, rate]);
      return tf.mul(ones, tf.mod(tf.range(0, ones.size).reshape(ones.shape), 2)).mul(2.5);
    };
    const drawStep = stepMasksDrawer({ ...NONE, ...rates, widthOf: (name) => widths[name] as number }, draw);
    return { draws, masks: drawStep?.(5) ?? null };
  };

  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('is nothing where all rates are 0', () => {
    expect(drawn({})).toEqual({ draws: [], masks: null });
  });

  test('is a dropout mask for the candidate', () => {
    const { draws, masks } = drawn({ candidateDropout: 0.2 });
    expect(draws).toEqual([[[5, 2], 0.2]]);
    expect([...(masks?.candidate?.dataSync() ?? [])]).toEqual(Array.from({ length: 10 }, (_, n) => 2.5 * (n % 2)));
    expect(masks?.updates).toEqual({});
  });

  test.each([
    ['h', { zoneout: 0.3 }, 3],
    ['c', { zoneoutCell: 0.3 }, 4],
  ] as const)('is where %s is updated, at its width', (name, rates, width) => {
    const { draws, masks } = drawn(rates);
    expect(draws).toEqual([[[5, width], 0.3]]);
    expect(masks?.candidate).toBeNull();
    expect(Object.keys(masks?.updates ?? {})).toEqual([name]);
    const updates = masks?.updates[name] as tf.Tensor;
    expect([updates.dtype, updates.shape]).toEqual(['bool', [5, width]]);
    expect([...updates.dataSync()]).toEqual(Array.from({ length: 5 * width }, (_, n) => n % 2));
  });

  test('is drawn in the order of candidate, h and c', () => {
    const { draws } = drawn({ candidateDropout: 0.1, zoneout: 0.2, zoneoutCell: 0.3 });
    expect(draws.map(([, rate]) => rate)).toEqual([0.1, 0.2, 0.3]);
  });
});
