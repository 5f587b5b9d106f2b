/**
 * The layers: a drop-in replacement for `tf.layers.lstm` with explicit gates.
 *
 * @module explicit-lstm
 */

export { GATE_NAMES, type GateName } from './core/gates.js';
export type { CellStep, LSTMStep, States } from './core/step.js';
export type { GateDropoutMasks } from './core/weighted-sum.js';
export type { WeightFacts } from './core/weights.js';
export { type Implementation, prepareKernels, type UseFused } from './fused/choose.js';
export { setThreads, type ThreadsOptions } from './fused/set-threads.js';
export { type TunedProblem, type Tuning, type TuningRow, useTuning } from './fused/tuning.js';
export { accelerateBuiltIn } from './layers/accelerate/accelerate-built-in.js';
export { lastImplementation } from './layers/accelerate/last-implementation.js';
export {
  type Activation,
  KERAS_DEFAULTS,
  type LSTMArgs,
  type LSTMCellArgs,
  type VariantArguments,
} from './layers/arguments.js';
export { lstm, lstmCell } from './layers/factories.js';
export { HardSigmoidKeras3 } from './layers/hard-sigmoid-keras3.js';
export { type ChronoArgs, ChronoInitializer, chronoInitializer } from './layers/initializers/chrono.js';
export {
  FORGET_BIAS,
  type ForgetBiasArgs,
  ForgetBiasInitializer,
  forgetBiasInitializer,
} from './layers/initializers/forget-bias.js';
export {
  type OrthogonalByGateArgs,
  OrthogonalByGateInitializer,
  orthogonalByGateInitializer,
} from './layers/initializers/orthogonal-by-gate.js';
export { LSTM, type LSTMOverCellArgs } from './layers/lstm.js';
export { LSTMCell } from './layers/lstm-cell.js';
export type { GateTrace } from './layers/trace.js';
export { type TuneOptions, tuneKernels } from './layers/tune-kernels.js';
export { clipGradients, type GradientLimit, gradientLimit } from './training/clip-gradients.js';
export { enableEmbeddingTraining } from './training/enable-embedding-training.js';
