import {
  AXES,
  BOOLEAN,
  INTEGER,
  INTEGERS,
  type Json,
  NUMBER,
  NUMBERS,
  own,
  PADDING,
  SIZE,
  SIZES,
  type ValueRule,
} from './json.js';

/** What becomes of a key of a Keras layer's config. */
export type KeyRule =
  /** Kept, under the same name in camel case or another one. */
  | { kind: 'value'; rule: ValueRule; to?: string }
  /** A number that Keras may write as an array of one. */
  | { kind: 'one'; rule: ValueRule; to?: string }
  /** A word that tfjs spells in camel case. */
  | { kind: 'word'; to?: string; among?: readonly string[] }
  | { kind: 'activation' | 'initializer' | 'regularizer' | 'constraint'; to?: string }
  /** Says nothing about what is computed, or nothing that is not said elsewhere. */
  | { kind: 'dropped' }
  /** Must be this. */
  | { kind: 'fixed'; value: unknown }
  /** Must be one of these, as nothing else can be computed. */
  | { kind: 'only'; values: readonly unknown[]; advice?: string };

/** What a layer makes of the mask of its input: hands it on, loses it, makes one, puts several together, or is recurrent. */
export type MaskRule = 'kept' | 'lost' | 'made' | 'merged' | 'recurrent' | 'consumed';

/** One class of layers: what Keras says of it, and which class of tfjs it is. */
export interface LayerDialect {
  /** The class in tfjs. */
  tfjs: string;
  /** Its keys, apart from those that every layer has. */
  keys: Readonly<Record<string, KeyRule>>;
  /**
   * Its weights in Keras's order, which is tfjs's too; those that training does not change are in brackets. Weights of
   * layers within are theirs.
   */
  weights?(config: Json): string[];
  mask: MaskRule;
  /** Whether Keras 2 loses a mask that Keras 3 keeps. */
  isMaskLostInKeras2?: boolean;
  /** Whether tfjs loses a mask that Keras keeps. */
  isMaskLostInTfjs?: boolean;
  /** What it is for configs that this class of tfjs cannot do: of these the first that can. */
  others?: readonly Pick<LayerDialect, 'tfjs' | 'keys' | 'isMaskLostInTfjs'>[];
}

const value = (rule: ValueRule, to?: string): KeyRule =>
  to === undefined ? { kind: 'value', rule } : { kind: 'value', rule, to };
const only = (values: readonly unknown[], advice?: string): KeyRule =>
  advice === undefined ? { kind: 'only', values } : { kind: 'only', values, advice };
const WORD: KeyRule = { kind: 'word' };
const DROPPED: KeyRule = { kind: 'dropped' };
const ACTIVATION: KeyRule = { kind: 'activation' };
const INITIALIZER: KeyRule = { kind: 'initializer' };
const REGULARIZER: KeyRule = { kind: 'regularizer' };
const CONSTRAINT: KeyRule = { kind: 'constraint' };

/** A number, or the state of a generator of random numbers, which is dropped. */
const SEED: KeyRule = { kind: 'value', rule: { must: 'a seed', holds: () => true } };

/** Keys that every layer has; `name` and the input's shape are read where the layer is made. */
export const KEYS_OF_ANY_LAYER: Readonly<Record<string, KeyRule>> = {
  name: DROPPED,
  trainable: value(BOOLEAN),
  dtype: DROPPED,
  batch_input_shape: DROPPED,
  batch_shape: DROPPED,
  input_shape: DROPPED,
  input_dtype: DROPPED,
  build_input_shape: DROPPED,
  activity_regularizer: DROPPED,
  // What Keras's quantization and LoRA add where they are used is refused with them.
  quantization_config: only([null], 'save the model before quantizing it'),
  lora_rank: only([null], 'merge the LoRA weights before saving'),
  lora_alpha: DROPPED,
};

const KERNEL = { kernel_initializer: INITIALIZER, kernel_regularizer: REGULARIZER, kernel_constraint: CONSTRAINT };
const BIAS = {
  use_bias: value(BOOLEAN),
  bias_initializer: INITIALIZER,
  bias_regularizer: REGULARIZER,
  bias_constraint: CONSTRAINT,
};
const hasBias = (config: Json) => own(config, 'use_bias') !== false;
const withBias =
  (...names: string[]) =>
  (config: Json) =>
    hasBias(config) ? [...names, 'bias'] : names;

const DATA_FORMAT = { data_format: WORD };
const CHANNELS_LAST = { data_format: only(['channels_last', null], 'use channels_last in Keras') };
const NO_GROUPS = only([1], 'tfjs has no grouped convolutions');

const CONVOLUTION = {
  filters: value(SIZE),
  kernel_size: value(SIZES),
  strides: value(SIZES),
  padding: WORD,
  dilation_rate: value(SIZES),
  groups: NO_GROUPS,
  activation: ACTIVATION,
  ...KERNEL,
  ...BIAS,
};

const POOLING = { pool_size: value(SIZES), strides: value(SIZES), padding: WORD };
const GLOBAL_POOLING = { ...DATA_FORMAT, keepdims: only([false]) };

/** What a recurrent layer and its cell have in common. */
const CELL = {
  units: value(SIZE),
  activation: ACTIVATION,
  ...KERNEL,
  recurrent_initializer: INITIALIZER,
  recurrent_regularizer: REGULARIZER,
  recurrent_constraint: CONSTRAINT,
  ...BIAS,
  dropout: value(NUMBER),
  recurrent_dropout: value(NUMBER),
  seed: SEED,
  implementation: DROPPED,
};
const GATED_CELL = { ...CELL, recurrent_activation: ACTIVATION };
const GRU_CELL = { ...GATED_CELL, reset_after: value(BOOLEAN) };
const LSTM_CELL = { ...GATED_CELL, unit_forget_bias: value(BOOLEAN) };
const RECURRENT = {
  return_sequences: value(BOOLEAN),
  return_state: value(BOOLEAN),
  go_backwards: value(BOOLEAN),
  stateful: value(BOOLEAN),
  unroll: DROPPED,
  time_major: only([false], 'save it with time_major=False'),
  zero_output_for_mask: only([false]),
  use_cudnn: DROPPED,
  input_dim: DROPPED,
  input_length: DROPPED,
};
const RECURRENT_WEIGHTS = withBias('kernel', 'recurrent_kernel');

const MERGE = { tfjs: '', keys: {}, mask: 'merged' } as const;
const KEPT = { keys: {}, mask: 'kept' } as const;
const rate = { rate: value(NUMBER) };

/** Every class of layers that Keras has and that can be computed here. */
export const LAYERS: Readonly<Record<string, LayerDialect>> = {
  Activation: { tfjs: 'Activation', keys: { activation: ACTIVATION }, mask: 'kept' },
  ActivityRegularization: { ...KEPT, tfjs: 'Activation', keys: { l1: DROPPED, l2: DROPPED } },
  Add: { ...MERGE, tfjs: 'Add' },
  AlphaDropout: { tfjs: 'AlphaDropout', keys: { ...rate, noise_shape: only([null]), seed: SEED }, mask: 'kept' },
  Average: { ...MERGE, tfjs: 'Average' },
  AveragePooling1D: { tfjs: 'AveragePooling1D', keys: { ...POOLING, ...CHANNELS_LAST }, mask: 'lost' },
  AveragePooling2D: { tfjs: 'AveragePooling2D', keys: { ...POOLING, ...DATA_FORMAT }, mask: 'lost' },
  BatchNormalization: {
    tfjs: 'BatchNormalization',
    keys: {
      axis: { kind: 'one', rule: INTEGER },
      momentum: value(NUMBER),
      epsilon: value(NUMBER),
      center: value(BOOLEAN),
      scale: value(BOOLEAN),
      beta_initializer: INITIALIZER,
      gamma_initializer: INITIALIZER,
      moving_mean_initializer: INITIALIZER,
      moving_variance_initializer: INITIALIZER,
      beta_regularizer: REGULARIZER,
      gamma_regularizer: REGULARIZER,
      beta_constraint: CONSTRAINT,
      gamma_constraint: CONSTRAINT,
      synchronized: DROPPED,
      renorm: only([false]),
      renorm_clipping: DROPPED,
      renorm_momentum: DROPPED,
      fused: DROPPED,
      virtual_batch_size: only([null]),
    },
    weights: (config) => [
      ...(own(config, 'scale') === false ? [] : ['gamma']),
      ...(own(config, 'center') === false ? [] : ['beta']),
      '(moving_mean)',
      '(moving_variance)',
    ],
    mask: 'kept',
  },
  Bidirectional: {
    tfjs: 'Bidirectional',
    keys: { merge_mode: value({ must: 'a merge mode', holds: (mode) => mode === null || typeof mode === 'string' }) },
    mask: 'recurrent',
  },
  Concatenate: { ...MERGE, tfjs: 'Concatenate', keys: { axis: value(INTEGER) } },
  Conv1D: {
    tfjs: 'Conv1D',
    keys: { ...CONVOLUTION, ...CHANNELS_LAST, padding: { kind: 'word', among: ['valid', 'same'] } },
    weights: withBias('kernel'),
    mask: 'lost',
    others: [
      { tfjs: 'CausalConv1D', keys: { ...CONVOLUTION, ...CHANNELS_LAST, padding: { kind: 'fixed', value: 'causal' } } },
    ],
  },
  Conv2D: { tfjs: 'Conv2D', keys: { ...CONVOLUTION, ...DATA_FORMAT }, weights: withBias('kernel'), mask: 'lost' },
  Cropping1D: { tfjs: 'TensorSlice', keys: { cropping: value(SIZES) }, mask: 'lost' },
  CuDNNGRU: {
    tfjs: 'ExplicitLSTM',
    keys: { ...CELL, ...RECURRENT },
    weights: () => ['kernel', 'recurrent_kernel', 'bias'],
    mask: 'recurrent',
  },
  CuDNNLSTM: {
    tfjs: 'ExplicitLSTM',
    keys: { ...CELL, ...RECURRENT, unit_forget_bias: value(BOOLEAN) },
    weights: () => ['kernel', 'recurrent_kernel', 'bias'],
    mask: 'recurrent',
  },
  Dense: {
    tfjs: 'Dense',
    keys: { units: value(SIZE), activation: ACTIVATION, ...KERNEL, ...BIAS },
    weights: withBias('kernel'),
    mask: 'kept',
  },
  Dot: { ...MERGE, tfjs: 'Dot', keys: { axes: value(INTEGERS), normalize: value(BOOLEAN) }, mask: 'lost' },
  Dropout: { ...KEPT, tfjs: 'Dropout', keys: { ...rate, noise_shape: only([null]), seed: SEED } },
  ELU: {
    tfjs: 'ELU',
    keys: { alpha: only([1, [1], null]) },
    mask: 'kept',
    isMaskLostInTfjs: true,
    others: [{ tfjs: 'ScaledELU', keys: { alpha: { kind: 'one', rule: NUMBER } } }],
  },
  Embedding: {
    tfjs: 'Embedding',
    keys: {
      input_dim: value(SIZE),
      output_dim: value(SIZE),
      embeddings_initializer: INITIALIZER,
      embeddings_regularizer: REGULARIZER,
      embeddings_constraint: CONSTRAINT,
      mask_zero: value(BOOLEAN),
      input_length: DROPPED,
      sparse: only([false]),
      weights: only([null]),
    },
    weights: () => ['embeddings'],
    mask: 'made',
  },
  Flatten: { tfjs: 'Flatten', keys: DATA_FORMAT, mask: 'lost' },
  GRU: {
    tfjs: 'ExplicitLSTM',
    keys: { ...GRU_CELL, ...RECURRENT, zero_output_for_mask: value(BOOLEAN) },
    weights: RECURRENT_WEIGHTS,
    mask: 'recurrent',
  },
  GRUCell: { tfjs: 'ExplicitGruCell', keys: GRU_CELL, weights: RECURRENT_WEIGHTS, mask: 'recurrent' },
  GaussianDropout: { ...KEPT, tfjs: 'GaussianDropout', keys: { ...rate, seed: SEED } },
  GaussianNoise: { ...KEPT, tfjs: 'GaussianNoise', keys: { stddev: value(NUMBER), seed: SEED } },
  GlobalAveragePooling1D: {
    tfjs: 'GlobalAveragePooling1D',
    keys: { ...GLOBAL_POOLING, ...CHANNELS_LAST },
    mask: 'consumed',
  },
  GlobalAveragePooling2D: { tfjs: 'GlobalAveragePooling2D', keys: GLOBAL_POOLING, mask: 'lost' },
  GlobalMaxPooling1D: { tfjs: 'GlobalMaxPooling1D', keys: { ...GLOBAL_POOLING, ...CHANNELS_LAST }, mask: 'lost' },
  GlobalMaxPooling2D: { tfjs: 'GlobalMaxPooling2D', keys: GLOBAL_POOLING, mask: 'lost' },
  Identity: { ...KEPT, tfjs: 'Activation' },
  LSTM: {
    tfjs: 'ExplicitLSTM',
    keys: { ...LSTM_CELL, ...RECURRENT, zero_output_for_mask: value(BOOLEAN), activity_regularizer: REGULARIZER },
    weights: RECURRENT_WEIGHTS,
    mask: 'recurrent',
  },
  LSTMCell: { tfjs: 'ExplicitLSTMCell', keys: LSTM_CELL, weights: RECURRENT_WEIGHTS, mask: 'recurrent' },
  LayerNormalization: {
    tfjs: 'LayerNormalization',
    keys: {
      axis: value(INTEGERS),
      epsilon: value(NUMBER),
      center: value(BOOLEAN),
      scale: value(BOOLEAN),
      rms_scaling: only([false]),
      beta_initializer: INITIALIZER,
      gamma_initializer: INITIALIZER,
      beta_regularizer: REGULARIZER,
      gamma_regularizer: REGULARIZER,
      beta_constraint: DROPPED,
      gamma_constraint: DROPPED,
    },
    weights: (config) => [
      ...(own(config, 'scale') === false ? [] : ['gamma']),
      ...(own(config, 'center') === false ? [] : ['beta']),
    ],
    mask: 'kept',
  },
  LeakyReLU: {
    tfjs: 'LeakyReLU',
    keys: { negative_slope: { kind: 'one', rule: NUMBER, to: 'alpha' }, alpha: { kind: 'one', rule: NUMBER } },
    mask: 'kept',
    isMaskLostInTfjs: true,
  },
  Masking: { tfjs: 'Masking', keys: { mask_value: value(NUMBER) }, mask: 'made' },
  MaxPooling1D: { tfjs: 'MaxPooling1D', keys: { ...POOLING, ...CHANNELS_LAST }, mask: 'lost' },
  MaxPooling2D: { tfjs: 'MaxPooling2D', keys: { ...POOLING, ...DATA_FORMAT }, mask: 'lost' },
  Maximum: { ...MERGE, tfjs: 'Maximum' },
  Minimum: { ...MERGE, tfjs: 'Minimum' },
  Multiply: { ...MERGE, tfjs: 'Multiply' },
  Normalization: {
    tfjs: 'FixedNormalization',
    keys: {
      axis: value(AXES),
      mean: value(NUMBERS),
      variance: value(NUMBERS),
      invert: value(BOOLEAN),
    },
    weights: (config) => (own(config, 'mean') == null ? ['(mean)', '(variance)', '(count)'] : []),
    mask: 'kept',
    isMaskLostInKeras2: true,
  },
  PReLU: {
    tfjs: 'PReLU',
    keys: {
      alpha_initializer: INITIALIZER,
      alpha_regularizer: REGULARIZER,
      alpha_constraint: CONSTRAINT,
      shared_axes: value(INTEGERS),
    },
    weights: () => ['alpha'],
    mask: 'kept',
  },
  Permute: { tfjs: 'Permute', keys: { dims: value(SIZES) }, mask: 'lost' },
  RNN: { tfjs: 'RNN', keys: { ...RECURRENT }, mask: 'recurrent' },
  ReLU: {
    tfjs: 'ReLU',
    keys: {
      max_value: { kind: 'one', rule: NUMBER },
      negative_slope: only([0, [0], null]),
      threshold: only([0, [0], null]),
    },
    mask: 'kept',
    others: [
      {
        tfjs: 'Rectifier',
        keys: {
          max_value: { kind: 'one', rule: NUMBER },
          negative_slope: { kind: 'one', rule: NUMBER },
          threshold: { kind: 'one', rule: NUMBER },
        },
      },
    ],
  },
  RepeatVector: { tfjs: 'RepeatVector', keys: { n: value(SIZE) }, mask: 'lost' },
  Reshape: { tfjs: 'Reshape', keys: { target_shape: value(INTEGERS) }, mask: 'lost' },
  SimpleRNN: { tfjs: 'SimpleRNN', keys: { ...CELL, ...RECURRENT }, weights: RECURRENT_WEIGHTS, mask: 'recurrent' },
  SimpleRNNCell: { tfjs: 'SimpleRNNCell', keys: CELL, weights: RECURRENT_WEIGHTS, mask: 'recurrent' },
  Softmax: {
    tfjs: 'Softmax',
    // Elsewhere it throws when it runs; its own default is another.
    keys: { axis: { kind: 'one', rule: { must: '-1', holds: (axis) => axis === -1 } } },
    mask: 'consumed',
    others: [{ tfjs: 'AxisSoftmax', keys: { axis: { kind: 'one', rule: INTEGER } } }],
  },
  SpatialDropout1D: {
    ...KEPT,
    tfjs: 'SpatialDropout1D',
    keys: { ...rate, seed: SEED, noise_shape: only([null]), data_format: DROPPED },
  },
  Rescaling: {
    tfjs: 'FixedNormalization',
    keys: { scale: value(NUMBER), offset: value(NUMBER) },
    mask: 'kept',
    isMaskLostInKeras2: true,
  },
  StackedRNNCells: { tfjs: 'StackedRNNCells', keys: {}, mask: 'recurrent' },
  Subtract: { ...MERGE, tfjs: 'Elementwise' },
  ThresholdedReLU: {
    tfjs: 'ThresholdedReLU',
    keys: { theta: { kind: 'one', rule: NUMBER } },
    mask: 'kept',
    isMaskLostInTfjs: true,
  },
  TimeDistributed: { tfjs: 'TimeDistributed', keys: {}, mask: 'kept' },
  UnitNormalization: { ...KEPT, tfjs: 'UnitNormalization', keys: { axis: value(INTEGERS) } },
  UpSampling1D: { tfjs: 'Stretch1D', keys: { size: { kind: 'one', rule: SIZE, to: 'repeats' } }, mask: 'lost' },
  UpSampling2D: {
    tfjs: 'UpSampling2D',
    keys: { size: value(SIZES), ...DATA_FORMAT, interpolation: WORD },
    mask: 'lost',
  },
  ZeroPadding1D: { tfjs: 'Stretch1D', keys: { padding: value(SIZES), ...CHANNELS_LAST }, mask: 'lost' },
  ZeroPadding2D: { tfjs: 'ZeroPadding2D', keys: { padding: value(PADDING), ...DATA_FORMAT }, mask: 'lost' },
};

export function layerDialect(className: string): LayerDialect | undefined {
  return Object.hasOwn(LAYERS, className) ? LAYERS[className] : undefined;
}
