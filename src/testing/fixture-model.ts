import * as tf from '@tensorflow/tfjs';
import { lstm, lstmCell } from '../layers/factories.js';
import '../layers/hard-sigmoid-keras3.js';
import {
  type Fixture,
  type FixtureCall,
  isStateful,
  requireFixture,
  type SingleFixtureConfig,
  toTensor,
} from './fixture.js';

export type RecurrentLayer = tf.layers.RNN | ReturnType<typeof tf.layers.bidirectional>;

// The weights are replaced right away, and an orthogonal matrix takes long to compute.
const NO_INITIALIZATION = { kernelInitializer: 'zeros', recurrentInitializer: 'zeros' } as const;

/**
 * Passes a sequence on with a mask that is fed beside it: [x, mask] -> x. tfjs's own Masking finds the mask in the
 * values, which cannot express a mask over arbitrary values.
 */
class MaskFromInput extends tf.layers.Layer {
  static readonly className: string = 'ExplicitMaskFromInput';

  constructor(args: ConstructorParameters<typeof tf.layers.Layer>[0] = {}) {
    super(args);
    this.supportsMasking = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return inputShape[0] as tf.Shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    // The executor disposes inputs that it needs no more, while later layers still need the mask.
    return tf.clone((inputs as tf.Tensor[])[0] as tf.Tensor);
  }

  override computeMask(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    // The executor disposes inputs that it needs no more, while later layers still need the mask.
    return tf.clone((inputs as tf.Tensor[])[1] as tf.Tensor);
  }
}
tf.serialization.registerClass(MaskFromInput);

const layersOfModel = new WeakMap<tf.LayersModel, RecurrentLayer[]>();

/** The recurrent layers of a model that `fixtureModel` made, one after the other; null for any other model. */
export function layersOfFixtureModel(model: tf.LayersModel): RecurrentLayer[] | null {
  return layersOfModel.get(model) ?? null;
}

/** The layer that a config describes, with weights of zero. */
function buildLayer(config: SingleFixtureConfig): RecurrentLayer {
  switch (config.kind) {
    case 'lstm':
      return lstm({ ...config.args, ...NO_INITIALIZATION });
    case 'bidirectional': {
      const layer = lstm({ ...config.layer.args, ...NO_INITIALIZATION });
      // tfjs's type leaves out the null that its merge modes include.
      return tf.layers.bidirectional({ layer, mergeMode: config.mergeMode as 'concat' });
    }
    case 'stackedCells':
      return tf.layers.rnn({
        ...config.args,
        cell: config.cells.map((args) => lstmCell({ ...args, ...NO_INITIALIZATION })),
      });
  }
}

function setWeights(layers: RecurrentLayer[], fixture: Fixture): void {
  // A layer over stacked cells refuses weights in the order it gives them, so that every variable is assigned by itself.
  const variables = layers.flatMap((layer) => layer.weights);
  tf.tidy(() => {
    for (const [index, weight] of fixture.weights.entries()) variables[index]?.write(toTensor(weight));
  });
}

/**
 * Creates a functional model of this package's layers with the fixture's weights.
 *
 * Inputs: `input` [B, T, D]; then `mask` [B, T], bool, if the fixture has one; then its initial states, each [B, U].
 * Outputs: the fixture's, in its order. T is free, and so is B unless the layer is stateful.
 *
 * ```ts
 * const model = fixtureModel(loadFixture('encoder.json'));
 * const output = model.predict(tf.randomNormal([1, 10, 4])) as tf.Tensor;
 * ```
 *
 * @returns The model; the caller disposes it.
 * @throws RangeError for an activation, initializer or regularizer that tfjs does not know.
 * @category Fixtures
 */
export function fixtureModel(fixture: Fixture): tf.LayersModel {
  requireFixture('fixtureModel', fixture);
  const { config } = fixture;
  const { input, mask, initialStates } = fixture.calls[0] as FixtureCall;
  const batch = isStateful(config) ? (input.shape[0] as number) : null;
  const x = tf.input({ batchShape: [batch, null, input.shape[2] as number], name: 'input' });
  const masks = mask === null ? [] : [tf.input({ batchShape: [batch, null], dtype: 'bool', name: 'mask' })];
  const states = initialStates.map(({ name, shape }) =>
    tf.input({ batchShape: [batch, shape[1] as number], name: `initial_${name.replaceAll('.', '_')}` }),
  );
  const layers = (config.kind === 'sequential' ? config.layers : [config]).map(buildLayer);
  const start = mask === null ? x : (new MaskFromInput({ name: 'masked' }).apply([x, ...masks]) as tf.SymbolicTensor);
  const outputs = layers.reduce<tf.SymbolicTensor | tf.SymbolicTensor[]>(
    (previous, layer) =>
      layer.apply(previous, states.length === 0 ? {} : { initialState: states }) as tf.SymbolicTensor[],
    start,
  );
  setWeights(layers, fixture);
  const model = tf.model({ inputs: [x, ...masks, ...states], outputs });
  layersOfModel.set(model, layers);
  return model;
}
