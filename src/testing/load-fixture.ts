import { invalidArgument } from '../core/errors.js';
import { readMask, readNamedTensors, readTensor, readTensorOfShape } from './decode-tensor.js';
import { Field } from './fields.js';
import {
  type Fixture,
  type FixtureCall,
  type FixtureGates,
  type FixtureGradients,
  isStateful,
  TRACE_NAMES,
} from './fixture.js';
import { type LayerLayout, layerLayout } from './layer-layout.js';
import { readConfig } from './read-config.js';

const FORMAT = 'explicit-lstm-fixture';
const VERSION = 1;

function readFile(path: string): string {
  // A static import of node:fs would keep this module out of browser bundles.
  const fs = globalThis.process?.getBuiltinModule?.('node:fs');
  if (fs === undefined) {
    throw invalidArgument('loadFixture', 'reading a path needs Node 20.16 or later; pass the JSON itself', path);
  }
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (cause) {
    // Node's message repeats the path, which may be a long text that is no JSON.
    const reason = (cause as { code?: unknown }).code;
    throw invalidArgument('loadFixture', `the path must be a readable file (${reason})`, path);
  }
}

function parse(source: string): unknown {
  const isText = source.trimStart().startsWith('{');
  const text = isText ? source : readFile(source);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalidArgument('loadFixture', 'the document must be JSON', isText ? source.trimStart() : source, { cause });
  }
}

function readCall(field: Field, layout: LayerLayout, [batch, timesteps, features]: number[]): FixtureCall {
  const sizes = [batch, timesteps, features] as number[];
  const states = field.at('initialStates');
  return {
    resetStates: field.at('resetStates').boolean(),
    input: readTensorOfShape(field.at('input'), sizes, '[B, T, D]'),
    mask: field.at('mask').orNull((mask) => readMask(mask, sizes.slice(0, 2))),
    initialStates: states.items().length === 0 ? [] : readNamedTensors(states, layout.states),
    outputs: readNamedTensors(field.at('outputs'), layout.outputs),
  };
}

/** All calls have what the first one has, so that one model can make them. */
function readCalls(field: Field, layout: LayerLayout, sizes: number[], stateful: boolean): FixtureCall[] {
  const fields = field.items();
  const calls = fields.map((item) => readCall(item, layout, sizes));
  if (calls.length > 1 && !stateful) throw field.fail('one call, because the layer is not stateful');
  const [first] = calls as [FixtureCall];
  for (const [index, call] of calls.entries()) {
    const same = (call.mask === null) === (first.mask === null);
    if (!same) throw (fields[index] as Field).at('mask').fail('given in every call or in none');
    if (call.initialStates.length !== first.initialStates.length) {
      throw (fields[index] as Field).at('initialStates').fail('given in every call or in none');
    }
  }
  return calls;
}

function readGates(field: Field, layout: LayerLayout, [batch, timesteps]: number[]): FixtureGates[] {
  const items = field.items();
  if (items.length !== layout.traces.length) throw field.fail(`the gates of ${layout.traces.length} LSTMs`);
  return layout.traces.map(({ direction, cell, layer, units }, index) => {
    const item = items[index] as Field;
    item.at('direction').oneOf([direction]);
    if (item.at('cell').integer(0) !== cell) throw item.at('cell').fail(String(cell));
    if ((item.at('layer').orNull((value) => value.integer(0)) ?? 0) !== layer) throw item.at('layer').fail(`${layer}`);
    const shape = [batch, timesteps, units] as number[];
    const tensors = TRACE_NAMES.map((name) => [name, readTensorOfShape(item.at(name), shape, '[B, T, U]')]);
    return { direction, cell, layer, ...Object.fromEntries(tensors) } as FixtureGates;
  });
}

function readGradients(field: Field, layout: LayerLayout, call: FixtureCall): FixtureGradients {
  const states = call.initialStates.length === 0 ? [] : layout.states;
  return {
    loss: field.at('loss').number(),
    cotangents: readNamedTensors(field.at('cotangents'), layout.outputs),
    weights: readNamedTensors(field.at('weights'), layout.weights),
    input: readTensorOfShape(field.at('input'), call.input.shape, '[B, T, D]'),
    initialStates: readNamedTensors(field.at('initialStates'), states),
  };
}

function readDocument(root: Field): Fixture {
  root.at('format').oneOf([FORMAT]);
  if (root.at('version').integer(1) !== VERSION)
    throw root.at('version').fail(`${VERSION}, the only supported version`);
  const producer = root.at('producer');
  const config = readConfig(root.at('config'));
  const [firstCall] = root.at('calls').items();
  if (firstCall === undefined) throw root.at('calls').fail('at least one call');
  const { shape } = readTensor(firstCall.at('input'));
  if (shape.length !== 3) throw firstCall.at('input').at('shape').fail('[B, T, D]');
  const [batch, timesteps, features] = shape as [number, number, number];
  const layout = layerLayout(config, { batch, timesteps, features });
  const calls = readCalls(root.at('calls'), layout, shape, isStateful(config));
  const biasShape = [4 * layout.outputSize];
  return {
    name: root.at('name').string(),
    description: root.at('description').string(),
    producer: {
      keras: producer.at('keras').string(),
      backend: producer.at('backend').string(),
      seed: producer.at('seed').number(),
    },
    config,
    weights: readNamedTensors(root.at('weights'), layout.weights),
    initialBias: root.at('initialBias').orNull((bias) => readTensorOfShape(bias, biasShape, '[4U]')),
    regularizationLoss: root.at('regularizationLoss').orNull((loss) => loss.number()),
    calls,
    gates: readGates(root.at('gates'), layout, shape),
    gradients: root.at('gradients').orNull((field) => readGradients(field, layout, calls[0] as FixtureCall)),
  };
}

/**
 * Reads a fixture and checks every field, before anything is computed.
 *
 * ```ts
 * const fixture = loadFixture('test/encoder.json');
 * const model = fixtureModel(fixture);
 * ```
 *
 * @param source A path (in Node), the JSON text, or the parsed JSON, as `import` or `fetch` return it.
 * @throws RangeError that gives the field, its rule and the value received.
 * @category Fixtures
 */
export function loadFixture(source: string | object): Fixture {
  return readDocument(new Field(typeof source === 'string' ? parse(source) : source, ''));
}
