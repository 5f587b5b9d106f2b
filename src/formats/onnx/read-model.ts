import { FileError } from '../file-error.js';
import { type ItemBudget, ProtobufReader } from '../protobuf-reader.js';
import {
  MOST_DIMENSIONS,
  type OnnxAttribute,
  type OnnxFunction,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from './model.js';

/** A graph within a graph lies three messages deeper; models have some ten graphs within each other. */
const DEEPEST = 100;
/** Nodes, names, attributes and the like, all together: large models have some ten thousand. */
const MOST_ITEMS = 1_000_000;

/**
 * Reads an ONNX file, but for what bears on nothing that is computed. Numbers stay where they are in `bytes`.
 *
 * @throws FileError
 */
export function readOnnxModel(bytes: Uint8Array): OnnxModel {
  const budget: ItemBudget = { left: MOST_ITEMS };
  const model = readModel(new ProtobufReader(bytes, budget));
  if (model.irVersion >= 1 && model.graph !== null) return { ...model, graph: model.graph };
  throw new FileError('the file', `must be an ONNX model: it has no ${model.graph === null ? 'graph' : 'version'}`);
}

function readModel(reader: ProtobufReader): Omit<OnnxModel, 'graph'> & { graph: OnnxGraph | null } {
  const opsets = new Map<string, number>();
  const functions: OnnxFunction[] = [];
  const model = { irVersion: 0, producerName: '', producerVersion: '', opsets, graph: null as OnnxGraph | null };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) model.irVersion = reader.integer();
    else if (field === 2) model.producerName = reader.text();
    else if (field === 3) model.producerVersion = reader.text();
    else if (field === 7) model.graph = readGraph(reader.message(DEEPEST));
    else if (field === 8) readOpset(reader.message(DEEPEST), opsets);
    else if (field === 25) functions.push(readFunction(reader.message(DEEPEST)));
    else reader.skip();
  }
  return { ...model, functions };
}

function readOpset(reader: ProtobufReader, opsets: Map<string, number>): void {
  let domain = '';
  let version = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) domain = reader.text();
    else if (field === 2) version = reader.integer();
    else reader.skip();
  }
  opsets.set(ownDomain(domain), version);
}

/** ONNX's own operators have no domain, or this one. */
function ownDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function readFunction(reader: ProtobufReader): OnnxFunction {
  const read: OnnxFunction = { domain: '', name: '', inputs: [], nodes: [] };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) read.name = reader.text();
    else if (field === 4) read.inputs.push(reader.text());
    else if (field === 7) read.nodes.push(readNode(reader.message(DEEPEST)));
    else if (field === 10) read.domain = reader.text();
    else reader.skip();
  }
  return read;
}

function readGraph(reader: ProtobufReader): OnnxGraph {
  const graph: OnnxGraph = {
    name: '',
    nodes: [],
    initializers: [],
    sparseInitializers: [],
    inputs: [],
    outputs: [],
    values: [],
  };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) graph.nodes.push(readNode(reader.message(DEEPEST)));
    else if (field === 2) graph.name = reader.text();
    else if (field === 5) graph.initializers.push(readTensor(reader.message(DEEPEST)));
    else if (field === 11) graph.inputs.push(readValueInfo(reader.message(DEEPEST)));
    else if (field === 12) graph.outputs.push(readValueInfo(reader.message(DEEPEST)));
    else if (field === 13) graph.values.push(readValueInfo(reader.message(DEEPEST)));
    else if (field === 15) graph.sparseInitializers.push(readSparseName(reader.message(DEEPEST)));
    else reader.skip();
  }
  return graph;
}

/** A sparse tensor is called as its values are. */
function readSparseName(reader: ProtobufReader): string {
  let name = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) name = readTensor(reader.message(DEEPEST)).name;
    else reader.skip();
  }
  return name;
}

function readNode(reader: ProtobufReader): OnnxNode {
  const node: OnnxNode = { name: '', opType: '', domain: '', inputs: [], outputs: [], attributes: [] };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) node.inputs.push(reader.text());
    else if (field === 2) node.outputs.push(reader.text());
    else if (field === 3) node.name = reader.text();
    else if (field === 4) node.opType = reader.text();
    else if (field === 5) node.attributes.push(readAttribute(reader.message(DEEPEST)));
    else if (field === 7) node.domain = ownDomain(reader.text());
    else reader.skip();
  }
  return node;
}

/** The types of attributes by their codes. The first files of ONNX do not give them. */
const ATTRIBUTE_TYPES = ['', 'float', 'int', 'string', 'tensor', 'graph', 'floats', 'ints', 'strings', '', 'graphs'];

function readAttribute(reader: ProtobufReader): OnnxAttribute {
  let name = '';
  let code = 0;
  let isGivenByCaller = false;
  let found = '';
  const floats: number[] = [];
  const ints: number[] = [];
  const strings: string[] = [];
  const graphs: OnnxGraph[] = [];
  const one: { float?: number; int?: number; string?: string; tensor?: OnnxTensor; graph?: OnnxGraph } = {};
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) name = reader.text();
    else if (field === 2) one.float = reader.float();
    else if (field === 3) one.int = reader.integer();
    else if (field === 4) one.string = reader.text();
    else if (field === 5) one.tensor = readTensor(reader.message(DEEPEST));
    else if (field === 6) one.graph = readGraph(reader.message(DEEPEST));
    else if (field === 7) reader.floatsInto(floats);
    else if (field === 8) reader.integersInto(ints);
    else if (field === 9) strings.push(reader.text());
    else if (field === 11) graphs.push(readGraph(reader.message(DEEPEST)));
    else if (field === 20) code = reader.integer();
    else if (field === 21) isGivenByCaller = reader.text() !== '';
    else reader.skip();
  }
  if (isGivenByCaller) return { name, type: 'other' };
  const lists = { floats, ints, strings, graphs };
  found = Object.keys(one)[0] ?? Object.entries(lists).find(([, list]) => list.length > 0)?.[0] ?? '';
  switch (code === 0 ? found : ATTRIBUTE_TYPES[code]) {
    // What is 0, or empty, need not be written.
    case 'float':
      return { name, type: 'float', value: one.float ?? 0 };
    case 'int':
      return { name, type: 'int', value: one.int ?? 0 };
    case 'string':
      return { name, type: 'string', value: one.string ?? '' };
    case 'tensor':
      return one.tensor === undefined ? { name, type: 'other' } : { name, type: 'tensor', value: one.tensor };
    case 'graph':
      return one.graph === undefined ? { name, type: 'other' } : { name, type: 'graph', value: one.graph };
    case 'floats':
      return { name, type: 'floats', value: floats };
    case 'ints':
      return { name, type: 'ints', value: ints };
    case 'strings':
      return { name, type: 'strings', value: strings };
    case 'graphs':
      return { name, type: 'graphs', value: graphs };
    default:
      return { name, type: 'other' };
  }
}

function readTensor(reader: ProtobufReader): OnnxTensor {
  const tensor: OnnxTensor = { name: '', shape: [], dataType: 0, raw: null, numbers: null, externalFile: null };
  const numbers: number[] = [];
  const bigints: bigint[] = [];
  let isExternal = false;
  let location = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) reader.integersInto(tensor.shape, MOST_DIMENSIONS);
    else if (field === 2) tensor.dataType = reader.integer();
    else if (field === 4) reader.floatsInto(numbers);
    else if (field === 5) reader.integersInto(numbers);
    else if (field === 7 || field === 11) reader.bigintsInto(bigints);
    else if (field === 8) tensor.name = reader.text();
    else if (field === 9) tensor.raw = reader.rawBytes();
    else if (field === 10) reader.doublesInto(numbers);
    else if (field === 13) location = readLocation(reader.message(DEEPEST)) ?? location;
    else if (field === 14) isExternal = reader.integer() === 1;
    else reader.skip();
  }
  if (!tensor.shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new FileError(`the shape of the tensor '${tensor.name}'`, 'must be of whole numbers');
  }
  if (isExternal) tensor.externalFile = location;
  else if (tensor.raw === null) tensor.numbers = bigints.length > 0 ? bigints : numbers;
  return tensor;
}

function readLocation(reader: ProtobufReader): string | null {
  let key = '';
  let value = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) key = reader.text();
    else if (field === 2) value = reader.text();
    else reader.skip();
  }
  return key === 'location' ? value : null;
}

function readValueInfo(reader: ProtobufReader): OnnxValueInfo {
  const value: OnnxValueInfo = { name: '', dataType: 0, shape: null };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) value.name = reader.text();
    else if (field === 2) readType(reader.message(DEEPEST), value);
    else reader.skip();
  }
  return value;
}

function readType(reader: ProtobufReader, value: OnnxValueInfo): void {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) readTensorType(reader.message(DEEPEST), value);
    else reader.skip();
  }
}

function readTensorType(reader: ProtobufReader, value: OnnxValueInfo): void {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) value.dataType = reader.integer();
    else if (field === 2) value.shape = readShape(reader.message(DEEPEST));
    else reader.skip();
  }
}

function readShape(reader: ProtobufReader): (number | string)[] {
  const shape: (number | string)[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) shape.push(readDimension(reader.message(DEEPEST)));
    else reader.skip();
  }
  return shape;
}

function readDimension(reader: ProtobufReader): number | string {
  let size: number | string = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) size = reader.integer();
    else if (field === 2) size = reader.text();
    else reader.skip();
  }
  return size;
}
