import { chooseImplementation } from '../../src/kernels/choose-implementation.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';

describe.each(NODE_BACKENDS)('On %s, where no fused kernel applies', (backend) => {
  beforeAll(() => useBackend(backend));
  const reason = `there is no fused kernel for the backend '${backend}'`;

  test("'auto' chooses the reference and tells why", () => {
    expect(chooseImplementation('LSTM.call', 'a', 'auto')).toEqual({ name: 'reference', reason });
  });

  test('false chooses the reference', () => {
    expect(chooseImplementation('LSTM.call', 'a', false)).toEqual({ name: 'reference', reason: 'useFused is false' });
  });

  test('true throws, with the reason', () => {
    expect(() => chooseImplementation('LSTM.call', 'a', true)).toThrow(
      `LSTM.call: useFused must be 'auto' or false where no fused kernel applies (${reason}), got true (layer 'a')`,
    );
  });
});
