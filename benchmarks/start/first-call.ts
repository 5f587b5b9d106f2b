// A program of its own: a first call can only be made once in a process.
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';
import { type NodeBackend, useBackend } from '../../tools/backends.js';

/** Milliseconds. */
export interface FirstCall {
  /** Of loading the package; none for the built-in layer. */
  load: number;
  /** Of making a layer and having its first result. */
  first: number;
  /** Of the second result. */
  second: number;
  /** The first result, to be compared. */
  result: number[];
}

type LayerMaker = (args: tf.LSTMLayerArgs) => tf.layers.Layer;

/** What the program is told, as JSON. */
export interface FirstCallArguments {
  backend: NodeBackend;
  /** The bundled package; null for the built-in layer. */
  entry: string | null;
  plain: boolean;
}

async function firstCall({ backend, entry, plain }: FirstCallArguments): Promise<FirstCall> {
  tf.enableProdMode();
  await useBackend(backend);
  const x = tf.fill([1, 100, 100], 0.1);
  // The backend's own first time.
  x.dataSync();
  const start = performance.now();
  const makeLayer = entry === null ? (args: tf.LSTMLayerArgs) => tf.layers.lstm(args) : loadPackage(entry, plain);
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

function loadPackage(entry: string, plain: boolean): LayerMaker {
  const { lstm } = createRequire(`${process.cwd()}/package.json`)(entry);
  return (args) => lstm({ ...args, useFused: plain ? false : 'auto' });
}

firstCall(JSON.parse(process.argv[2] as string)).then(
  (measured) => console.log(JSON.stringify(measured)),
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
