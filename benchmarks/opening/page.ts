import * as tf from '@tensorflow/tfjs';
import { loadKeras } from '../../src/convert/index.js';

declare global {
  interface Window {
    openModel(address: string): Promise<{ milliseconds: number; sum: number }>;
  }
}

window.openModel = async (address) => {
  tf.enableProdMode();
  await tf.setBackend('cpu');
  const start = performance.now();
  const model = await loadKeras(address);
  const milliseconds = performance.now() - start;
  const bias = model.getWeights()[2] as tf.Tensor;
  return { milliseconds, sum: Array.from(bias.dataSync()).reduce((sum, value) => sum + Math.abs(value), 0) };
};
