import { compareOn } from '../compare.js';

declare global {
  interface Window {
    tf: typeof import('@tensorflow/tfjs') & { wasm: typeof import('@tensorflow/tfjs-backend-wasm') };
    explicitLSTM: typeof import('explicit-lstm');
  }
}

window.tf.wasm.setWasmPaths('/');
window.compareOn = (expected) => compareOn(expected, window.tf, window.explicitLSTM);
