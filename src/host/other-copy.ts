import * as tf from '@tensorflow/tfjs';

const HOW_TO_HAVE_ONE =
  'Find out where the copies come from with `npm ls @tensorflow/tfjs @tensorflow/tfjs-layers`, and keep only one, with `npm dedupe`, ' +
  '"overrides" in package.json or an alias in your bundler.';

/**
 * What an error says of an object that another copy of tfjs made: its classes are not this copy's, though they look the
 * same. An application has two where a package brings its own, as tfjs-node does in another version, or where a page
 * loads one by a script tag and bundles another.
 *
 * @returns Null for whatever else; a tensor is nothing to speak of, for all copies share their tensors.
 */
export function otherCopyRemark(value: unknown): string | null {
  const isOther = Array.isArray(value) ? value.slice(0, ITEMS_LOOKED_AT).some(isOfOtherCopy) : isOfOtherCopy(value);
  return isOther
    ? `It belongs to another copy of @tensorflow/tfjs than the one that explicit-lstm uses. ${HOW_TO_HAVE_ONE}`
    : null;
}

const ITEMS_LOOKED_AT = 100;

/** By what tfjs's objects look like, from `SymbolicTensor`, `Layer` and `Serializable` of tfjs 4.22. */
function isOfOtherCopy(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { sourceLayer, nodeIndex, inboundNodes, getClassName, getConfig } = value as Record<string, unknown>;
  if (sourceLayer !== undefined && nodeIndex !== undefined) return !(value instanceof tf.SymbolicTensor);
  if (typeof getClassName !== 'function' || typeof getConfig !== 'function') return false;
  const isLayer = Array.isArray(inboundNodes);
  return isLayer ? !(value instanceof tf.layers.Layer) : !(value instanceof tf.serialization.Serializable);
}

/** All copies of tfjs's core register their gradients in one shared registry: another object means another copy. */
const ownGradient = tf.getGradient('Add');

/** Classes that are hardly ever registered in place of tfjs's. */
const REGISTERED = ['Flatten', 'Permute', 'RepeatVector'];

/**
 * Warns, once, where a copy of tfjs can be seen whose layers this one does not reach. None can be seen that was loaded
 * after the first one and before this package.
 */
export function warnOfOtherCopy(where: string): void {
  if (hasWarned || !isOtherCopyInSight()) return;
  hasWarned = true;
  console.warn(
    `${where}: this application has another copy of @tensorflow/tfjs, whose layers are not accelerated. ${HOW_TO_HAVE_ONE}`,
  );
}

let hasWarned = false;

function isOtherCopyInSight(): boolean {
  const { _tfGlobals: shared, tf: ofScriptTag } = globalThis as {
    _tfGlobals?: Map<string, unknown>;
    tf?: Partial<typeof tf>;
  };
  const isAfterOther = shared instanceof Map && shared.has('Tensor') && shared.get('Tensor') !== tf.Tensor;
  const isBeforeOther = tf.getGradient('Add') !== ownGradient;
  const isBesideOther = ofScriptTag?.layers?.Layer !== undefined && ofScriptTag.layers.Layer !== tf.layers.Layer;
  return isAfterOther || isBeforeOther || isBesideOther || hasOtherLayers();
}

/** Two copies of tfjs's layers on one core. */
function hasOtherLayers(): boolean {
  const classes = tf.serialization.SerializationMap?.getMap?.()?.classNameMap ?? {};
  return REGISTERED.every((name) => {
    const registered: unknown = classes[name]?.[0];
    return registered !== undefined && !((registered as { prototype?: unknown }).prototype instanceof tf.layers.Layer);
  });
}
