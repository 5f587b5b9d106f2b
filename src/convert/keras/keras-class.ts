import type * as tf from '@tensorflow/tfjs';
import { LSTM_BRAND } from '../../layers/brand.js';
import { GruCell } from '../../variants/gru-cell.js';
import { LAYERS, type LayerDialect } from './dialect.js';

/** What a class of tfjs is in Keras, and which keys it has there. */
interface KerasClass {
  className: string;
  keys: LayerDialect['keys'];
}

const KERAS_CLASSES = new Map<string, KerasClass>();
for (const [className, { tfjs, keys, others = [] }] of Object.entries(LAYERS)) {
  for (const entry of [{ tfjs, keys }, ...others]) {
    if (!KERAS_CLASSES.has(entry.tfjs)) KERAS_CLASSES.set(entry.tfjs, { className, keys: entry.keys });
  }
}
// What leaves out masked steps is Keras's layer, which always does.
KERAS_CLASSES.set('MaskedAverage1D', {
  className: 'GlobalAveragePooling1D',
  keys: (LAYERS.GlobalAveragePooling1D as LayerDialect).keys,
});
// Several of Keras's are an explicit LSTM here; and tfjs's own are the same.
for (const className of ['GRU', 'GRUCell']) {
  KERAS_CLASSES.set(className, { className, keys: (LAYERS[className] as LayerDialect).keys });
}
for (const className of ['LSTM', 'LSTMCell']) {
  const { keys } = LAYERS[className] as LayerDialect;
  for (const inTfjs of [className, `Explicit${className}`]) KERAS_CLASSES.set(inTfjs, { className, keys });
}

/** What a layer is in Keras; undefined for one that Keras does not have. */
export function kerasClass(layer: tf.layers.Layer): KerasClass | undefined {
  const isGru = LSTM_BRAND in layer && (layer as unknown as { cell: unknown }).cell instanceof GruCell;
  return KERAS_CLASSES.get(isGru ? 'GRU' : layer.getClassName());
}

/** What Keras calls a layer's class; what tfjs does where it has none. */
export function kerasClassName(layer: tf.layers.Layer): string {
  return kerasClass(layer)?.className ?? layer.getClassName();
}
