import * as tf from '@tensorflow/tfjs';
import { lstm } from 'explicit-lstm';
import { gateHeatmap, show } from 'explicit-lstm/plot';

declare global {
  interface Window {
    drawn: Promise<void>;
  }
}

async function draw(): Promise<void> {
  await tf.setBackend('cpu');
  const layer = lstm({ units: 3 });
  const x = tf.randomNormal([1, 5, 2], 0, 1, 'float32', 3);
  layer.apply(x);
  await show(await gateHeatmap(layer.trace(x), { labels: [...'house'] }), { element: '#gates' }).drawn;
}

window.drawn = draw();
