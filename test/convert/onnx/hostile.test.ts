import * as tf from '@tensorflow/tfjs';
import { FileError, readOnnx } from '../../../src/convert/index.js';
import { onnxFile, onnxFixtures } from './fixtures.js';

/** Opens a file that may be damaged, and makes what layers it can. Anything but a FileError fails the test. */
async function open(bytes: Uint8Array): Promise<'opened' | 'refused'> {
  try {
    const nodes = await readOnnx(bytes);
    for (const node of nodes) tf.dispose(node.toLayer().getWeights());
    return 'opened';
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    expect(error.message.length).toBeLessThan(2000);
    return 'refused';
  }
}

/** Numbers from 0 to 2^32 - 1 that look random (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

const NAMES = ['bidirectional-peepholes', 'folded', 'branches', 'function', 'stored-states', 'loop'];

describe('readOnnx, of damaged files', () => {
  beforeAll(() => expect(onnxFixtures().map(({ name }) => name)).toEqual(expect.arrayContaining(NAMES)));

  it.each(NAMES)('ends in a FileError wherever the file is cut off: %s', async (name) => {
    const bytes = onnxFile(name);
    const before = tf.memory().numTensors;
    let refused = 0;
    for (let length = 0; length < bytes.length; length += 3) {
      if ((await open(bytes.slice(0, length))) === 'refused') refused += 3;
    }
    // What follows the graph, the operator sets, may be missing.
    expect(refused).toBeGreaterThan(0.9 * bytes.length);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(NAMES)(
    'ends in a FileError or in layers, and leaves nothing behind, whichever bits are flipped: %s',
    async (name) => {
      const original = onnxFile(name);
      const before = tf.memory().numTensors;
      const next = numbersFrom(7);
      const ends = { opened: 0, refused: 0 };
      for (let run = 0; run < 150; run++) {
        const bytes = original.slice();
        for (let flip = 0; flip <= run % 4; flip++) {
          const at = next() % bytes.length;
          bytes[at] = (bytes[at] as number) ^ (1 << (next() % 8));
        }
        ends[await open(bytes)] += 1;
      }
      expect(ends.opened).toBeGreaterThan(5);
      expect(ends.refused).toBeGreaterThan(5);
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});
