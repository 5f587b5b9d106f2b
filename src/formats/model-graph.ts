import { FileError } from './file-error.js';

type Json = Record<string, unknown>;

/** tfjs takes time quadratic in the number of layers to put them in order. */
const MOST_LAYERS = 10_000;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** A field as Keras spells it in Python, or tfjs. */
function field(object: Json, name: string): unknown {
  return object[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] ?? object[name];
}

/** What a node says of each of its inputs: whose output, and of which of its calls. */
type NodeInputs = [layer: unknown, call: unknown][];

interface Node {
  layer: string;
  inputs: NodeInputs;
}

/**
 * Checks every graph of layers in a model's topology, including nested ones: each call must use outputs that exist before
 * it. If one of them never exists, tfjs loops for ever.
 *
 * @param where How an error names the topology.
 * @throws FileError
 */
export function requireOrderedGraphs(topology: unknown, where: string): void {
  if (!isObject(topology)) return;
  const { layers } = topology;
  const isGraph = Array.isArray(layers) && layers.some((layer) => isObject(layer) && field(layer, 'inboundNodes'));
  if (isGraph) requireOrdered(layers.filter(isObject), `${where}.layers`);
  for (const [name, value] of Object.entries(topology)) {
    requireOrderedGraphs(value, Array.isArray(topology) ? `${where}[${name}]` : `${where}.${name}`);
  }
}

function requireOrdered(layers: Json[], where: string): void {
  if (layers.length > MOST_LAYERS) {
    throw new FileError(where, `must be ${MOST_LAYERS} layers at most, but are ${layers.length}`);
  }
  const calls = new Map<string, number>();
  for (const layer of layers) calls.set(String(layer.name), isThereBeforeItsCalls(layer) ? 1 : 0);
  let waiting = layers.flatMap(nodesOf);
  while (waiting.length > 0) {
    const left = waiting.filter(({ layer, inputs }) => {
      if (inputs.some(([name, call]) => (calls.get(String(name)) ?? 0) <= (call as number))) return true;
      if (inputs.length > 0) calls.set(layer, (calls.get(layer) as number) + 1);
      return false;
    });
    if (left.length === waiting.length) {
      const name = (left[0] as Node).layer;
      throw new FileError(where, `must be a graph without cycles: the input of '${name}' is never computed`);
    }
    waiting = left;
  }
}

/** An input layer provides its output directly, and so does a model that is used as a layer. */
function isThereBeforeItsCalls(layer: Json): boolean {
  const { config } = layer;
  return (
    field(layer, 'className') === 'InputLayer' || Array.isArray(config) || (isObject(config) && 'layers' in config)
  );
}

function nodesOf(layer: Json): Node[] {
  const nodes = field(layer, 'inboundNodes');
  if (!Array.isArray(nodes)) return [];
  return nodes.filter(Array.isArray).map((inputs) => ({
    layer: String(layer.name),
    inputs: inputs.map((input): NodeInputs[number] => (Array.isArray(input) ? [input[0], input[1]] : [null, null])),
  }));
}
