// A program of its own: a first call can only be made once in a process.
import * as tf from '@tensorflow/tfjs';
import { type NodeBackend, useBackend } from '../../tools/backends.js';

/** Milliseconds. */
export interface FirstCall {
  /** Of loading the package; 0 for the built-in layer. */
  load: number;
  /** Of making a layer and having its first result. */
  first: number;
  /** Of the second result. */
  second: number;
  /** The first result, to be compared. */
  result: number[];
}

async function main(backend: NodeBackend, entry: string | undefined, useFused: 'auto' | false): Promise<FirstCall> {
  tf.enableProdMode();
  await useBackend(backend);
  const x = tf.fill([1, 100, 100], 0.1);
  x.dataSync();
  const start = performance.now();
  const makeLayer: (args: tf.LSTMLayerArgs) => tf.layers.Layer =
    entry === undefined
      ? (args) => tf.layers.lstm(args)
      : await import(entry).then(
          ({ lstm }) =>
            (args) =>
              lstm({ ...args, useFused }),
        );
  const loaded = performance.now();
  const constant = tf.initializers.constant({ value: 0.01 });
  const initializers = { kernelInitializer: constant, recurrentInitializer: constant };
  const layer = makeLayer({ units: 100, recurrentActivation: 'sigmoid', ...initializers });
  const call = () => tf.tidy(() => (layer.apply(x) as tf.Tensor).dataSync());
  const result = call();
  const called = performance.now();
  call();
  const end = performance.now();
  return { load: loaded - start, first: called - loaded, second: end - called, result: [...result] };
}

const [backend, entry, plain] = process.argv.slice(2);
const answer = await main(backend as NodeBackend, entry === '' ? undefined : entry, plain === 'plain' ? false : 'auto');
console.log(JSON.stringify(answer));
