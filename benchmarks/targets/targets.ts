import type { NodeBackend } from '../../tools/backends.js';
import type { SectionName } from '../options.js';
import { formatShape, MODEL_SHAPES } from '../shapes.js';
import { TORCH_ON_ONE_THREAD } from '../torch/torch-process.js';

/** A ratio that is to be reached. */
export interface Target {
  claim: string;
  section: SectionName;
  backend: NodeBackend;
  /** What the baseline's name begins with; any, where it is left out. */
  baseline?: string;
  /** Each that was measured, where it is left out. */
  setting?: string;
  /** Least ratio (time of the baseline over time of the explicit layer), by shape. */
  least: Record<string, number>;
}

/** An exponent that is not to be exceeded. */
export interface GrowthTarget {
  claim: string;
  backend: NodeBackend;
  size: string;
  most: number;
}

const SMALL = '1x100x100x100';
const BATCHED = '32x50x64x128';
const LATENCY_BOUND = '1x100x256x512';
const LARGE = '8x20x1024x1024';
const [TRANSLATION, ADDITION] = MODEL_SHAPES.map(formatShape) as [string, string];
const ONE_STEP = '1x1x100x100';
const LARGE_STEP = '1x1x256x512';

function everyShape(least: number): Record<string, number> {
  return { [SMALL]: least, [BATCHED]: least, [LATENCY_BOUND]: least, [LARGE]: least };
}

export const TARGETS: Target[] = [
  {
    claim: 'inference on wasm 1.2 times as fast as onnxruntime-web',
    section: 'onnx',
    backend: 'wasm',
    baseline: 'onnxruntime-web',
    least: everyShape(1.2),
  },
  {
    claim: 'inference on wasm within 1.3 times the floor',
    section: 'floor',
    backend: 'wasm',
    least: everyShape(1 / 1.3),
  },
  ...(['wasm', 'tensorflow'] as const).flatMap((backend) =>
    (['inference', 'training'] as const).map((setting) => ({
      claim: `${setting} on ${backend} at most 2 times PyTorch on one thread`,
      section: 'torch' as const,
      backend,
      baseline: TORCH_ON_ONE_THREAD,
      setting,
      least: everyShape(1 / 2),
    })),
  ),
  {
    claim: 'inference on wasm on two threads',
    section: 'threads',
    backend: 'wasm',
    setting: 'inference',
    least: { [BATCHED]: 1.7, [LATENCY_BOUND]: 1.5, [LARGE]: 1.7 },
  },
  {
    claim: 'training step on wasm on two threads',
    section: 'threads',
    backend: 'wasm',
    setting: 'training',
    least: { [BATCHED]: 1.7, [LARGE]: 1.7 },
  },
  {
    claim: 'training step on wasm',
    section: 'training',
    backend: 'wasm',
    least: { ...everyShape(12), [SMALL]: 60 },
  },
  {
    claim: 'training step with gradients of the input on wasm',
    section: 'training-inputs',
    backend: 'wasm',
    least: { ...everyShape(12), [SMALL]: 60 },
  },
  ...(['cpu', 'wasm', 'tensorflow'] as const).map((backend) => ({
    claim: `trace at most 1.15 times inference on ${backend}`,
    section: 'trace' as const,
    backend,
    least: everyShape(1 / 1.15),
  })),
  ...(['cpu', 'wasm', 'tensorflow'] as const).map((backend) => ({
    claim: `gradient flow at most 1.5 times a training step on ${backend}`,
    section: 'flow' as const,
    backend,
    least: everyShape(1 / 1.5),
  })),
  {
    claim: 'inference on tensorflow',
    section: 'inference',
    backend: 'tensorflow',
    least: { ...everyShape(5), [LARGE]: 1.3 },
  },
  {
    claim: 'training step on tensorflow',
    section: 'training',
    backend: 'tensorflow',
    least: { ...everyShape(4), [LARGE]: 2 },
  },
  {
    claim: 'training step with gradients of the input on tensorflow',
    section: 'training-inputs',
    backend: 'tensorflow',
    least: { ...everyShape(4), [LARGE]: 2 },
  },
  ...(['inference', 'training'] as const).map((section) => ({
    claim: `${section} of batches on tensorflow`,
    section,
    backend: 'tensorflow' as const,
    setting: 'hardSigmoid',
    least: { [TRANSLATION]: 2.5, [ADDITION]: 2.5 },
  })),
  {
    claim: 'one timestep a call on wasm',
    section: 'streaming',
    backend: 'wasm',
    least: { [ONE_STEP]: 4 },
  },
  {
    claim: 'one timestep a call on tensorflow',
    section: 'streaming',
    backend: 'tensorflow',
    least: { [ONE_STEP]: 4, [LARGE_STEP]: 1.5 },
  },
];

/** Linear, with some room for noise; less than 1 is what a fixed cost of a call makes of it. */
export const GROWTH_TARGETS: GrowthTarget[] = (['cpu', 'wasm', 'tensorflow'] as const).map((backend) => ({
  claim: `time linear in T on ${backend}`,
  backend,
  size: 'T',
  most: 1.05,
}));
