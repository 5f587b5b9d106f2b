/**
 * The marks by which this package's classes know each other. They are symbols of the global registry, not classes,
 * because an application may load the ES module build and the CommonJS build side by side.
 */
export const LSTM_BRAND = Symbol.for('explicit-lstm.LSTM');
export const LSTM_CELL_BRAND = Symbol.for('explicit-lstm.LSTMCell');

/** Where a built-in layer that was accelerated has what its last call ran on. */
export const LAST_IMPLEMENTATION = Symbol.for('explicit-lstm.lastImplementation2');

/** Where a layer of this package, or one that was accelerated, has what its last call ran on. */
export const IMPLEMENTATION_FIELDS = ['lastImplementation', LAST_IMPLEMENTATION];
