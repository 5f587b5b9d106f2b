import * as tf from '@tensorflow/tfjs';
import { type HiddenArray, hiddenArrayOf } from '../../../../src/fused/wasm/hidden-arrays.js';
import { Arena } from '../../../../src/fused/wasm/threads/arena.js';
import { NODE_BACKENDS, useBackend } from '../../../../tools/backends.js';
import { randomNumbers } from '../../../../tools/random-numbers.js';

const KEPT_BYTES = 2 ** 20;

describe.each(NODE_BACKENDS)('On %s, memory that threads share', (backend) => {
  beforeAll(() => useBackend(backend));

  test('has copies of tensors, and makes tensors of what is written there', () => {
    tf.tidy(() => {
      const arena = new Arena();
      const { buffer } = arena.memory;
      const floats = (address: number, size: number) => [...new Float32Array(arena.memory.buffer, address, size)];
      const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
      expect(floats(arena.input(x), 6)).toEqual([1, 2, 3, 4, 5, 6]);
      const mask = tf.tensor1d([1, 0, 1], 'bool');
      expect([...new Uint8Array(buffer, arena.input(mask), 3)]).toEqual([1, 0, 1]);
      expect(floats(arena.input(tf.cast(mask, 'float32')), 3)).toEqual([1, 0, 1]);
      const output = arena.output([3, 2]);
      new Float32Array(buffer, output.address, 6).set([6, 5, 4, 3, 2, 1]);
      const written = output.toTensor();
      expect(written.shape).toEqual([3, 2]);
      expect([...written.dataSync()]).toEqual([6, 5, 4, 3, 2, 1]);
      arena.release();
      // What was written is found there again, as is what was read.
      expect(arena.input(written)).toBe(output.address);
      expect(arena.input(x)).toBe(64);
    });
  });

  test('has what only calls read no longer than a tensor stands for it', () => {
    tf.tidy(() => {
      const arena = new Arena();
      const { address, toSaved } = arena.output([2, 3]);
      new Float32Array(arena.memory.buffer, address, 6).set([1, 2, 3, 4, 5, 6]);
      const standIn = toSaved();
      expect(standIn.size).toBe(backend === 'tensorflow' ? 6 : 0);
      // Which has the values, for its ops read some.
      if (backend === 'tensorflow') return;
      arena.release();
      // On wasm, a clone has data of its own.
      const clone = backend === 'wasm' ? tf.reshape(standIn, [0]) : tf.clone(standIn);
      standIn.dispose();
      arena.release();
      expect(arena.reserve(24)).not.toBe(address);
      const array = hiddenArrayOf(clone) as HiddenArray;
      expect(array).toEqual({ memory: arena.memory, address, size: 6 });
      expect([...new Float32Array(array.memory.buffer, array.address, array.size)]).toEqual([1, 2, 3, 4, 5, 6]);
      arena.release();
      clone.dispose();
      arena.release();
      expect(arena.reserve(24)).toBe(address);
      expect(() => hiddenArrayOf(clone)).toThrow('what the forward pass has kept is gone');
    });
  });

  test('has what lasts until it is freed', () => {
    const arena = new Arena();
    const address = arena.allocate(100);
    arena.release();
    expect(arena.reserve(100)).not.toBe(address);
    arena.release();
    arena.free(address);
    expect(arena.reserve(100)).toBe(address);
  });

  test('knows whether it can hold more', () => {
    const arena = new Arena();
    expect(arena.hasRoomFor(2 ** 20)).toBe(true);
    expect(arena.hasRoomFor(2 ** 32)).toBe(false);
    const grow = jest.spyOn(arena.memory, 'grow').mockImplementation(() => {
      throw new RangeError('out of memory');
    });
    expect(arena.hasRoomFor(2 ** 24)).toBe(false);
    tf.tidy(() => {
      const x = tf.fill([2 ** 22], 3);
      expect(() => arena.input(x)).toThrow('out of memory');
      grow.mockRestore();
      // Not taken for a copy that is there.
      expect(new Float32Array(arena.memory.buffer, arena.input(x), 2)[1]).toBe(3);
    });
  });

  test('overwrites nothing that a call uses, keeps what it can and does not grow for ever', () => {
    tf.tidy(() => {
      const arena = new Arena(KEPT_BYTES);
      const next = randomNumbers(11);
      const known: tf.Tensor1D[] = [];
      const first = (address: number) => new Float32Array(arena.memory.buffer, address, 1)[0];
      let value = 1;
      for (let call = 0; call < 300; call++) {
        const used: [address: number, value: number][] = [];
        for (let n = 0; n < 6; n++) {
          const size = 1 + Math.floor(12_000 * next());
          const kind = next();
          if (kind < 0.4) {
            const tensor = known[Math.floor(known.length * next())];
            if (tensor !== undefined) used.push([arena.input(tensor), tensor.arraySync()[0] as number]);
          } else if (kind < 0.6) {
            known.push(tf.fill([size], value));
            used.push([arena.input(known.at(-1) as tf.Tensor1D), value++]);
          } else {
            const address = kind < 0.8 ? arena.reserve(4 * size) : arena.output([size]).address;
            new Float32Array(arena.memory.buffer, address, size).fill(value);
            used.push([address, value++]);
          }
        }
        expect(used.map(([address]) => first(address))).toEqual(used.map(([, written]) => written));
        expect(used.every(([address]) => address > 0 && address % 64 === 0)).toBe(true);
        arena.release();
        if (known.length > 20) known.splice(0, 10);
      }
      expect(arena.memory.buffer.byteLength).toBeLessThanOrEqual(2 * KEPT_BYTES);
    });
  });

  test('grows for a call that needs more', () => {
    const arena = new Arena(KEPT_BYTES);
    const addresses = [1, 2, 3, 4].map(() => arena.reserve(0.7 * KEPT_BYTES));
    for (let n = 1; n < 4; n++) {
      expect((addresses[n] as number) - (addresses[n - 1] as number)).toBeGreaterThanOrEqual(0.7 * KEPT_BYTES);
    }
    expect(arena.memory.buffer.byteLength).toBeGreaterThan(2.8 * KEPT_BYTES);
  });
});
