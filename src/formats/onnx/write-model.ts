import { ProtobufWriter } from '../protobuf-writer.js';
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from './model.js';

/** What is written of a model: what a file needs that a runtime is to run. */
export type WritableModel = Omit<OnnxModel, 'functions'>;

/** Writes an ONNX file. Tensors must be raw; sparse ones and functions are not written. */
export function writeOnnxModel({ irVersion, producerName, producerVersion, opsets, graph }: WritableModel): Uint8Array {
  const writer = new ProtobufWriter().integer(1, irVersion).text(2, producerName).text(3, producerVersion);
  writer.message(7, writeGraph(graph));
  for (const [domain, version] of opsets) {
    writer.message(8, new ProtobufWriter().text(1, domain).integer(2, version));
  }
  return writer.finish();
}

function writeGraph({ name, nodes, initializers, inputs, outputs, values }: OnnxGraph): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const node of nodes) writer.message(1, writeNode(node));
  writer.text(2, name);
  for (const tensor of initializers) writer.message(5, writeTensor(tensor));
  for (const input of inputs) writer.message(11, writeValueInfo(input));
  for (const output of outputs) writer.message(12, writeValueInfo(output));
  for (const value of values) writer.message(13, writeValueInfo(value));
  return writer;
}

function writeNode({ name, opType, domain, inputs, outputs, attributes }: OnnxNode): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const input of inputs) writer.text(1, input);
  for (const output of outputs) writer.text(2, output);
  writer.text(3, name).text(4, opType);
  for (const attribute of attributes) writer.message(5, writeAttribute(attribute));
  if (domain !== '') writer.text(7, domain);
  return writer;
}

/** Field and code of each type. */
const FIELDS = {
  float: [2, 1],
  int: [3, 2],
  string: [4, 3],
  tensor: [5, 4],
  graph: [6, 5],
  floats: [7, 6],
  ints: [8, 7],
  strings: [9, 8],
  graphs: [11, 10],
} as const;

function writeAttribute(attribute: OnnxAttribute): ProtobufWriter {
  const writer = new ProtobufWriter().text(1, attribute.name);
  if (attribute.type === 'other') return writer;
  const [field, code] = FIELDS[attribute.type];
  writer.integer(20, code);
  switch (attribute.type) {
    case 'float':
      return writer.float(field, attribute.value);
    case 'int':
      return writer.integer(field, attribute.value);
    case 'string':
      return writer.text(field, attribute.value);
    case 'tensor':
      return writer.message(field, writeTensor(attribute.value));
    case 'graph':
      return writer.message(field, writeGraph(attribute.value));
    case 'floats':
      for (const value of attribute.value) writer.float(field, value);
      return writer;
    case 'ints':
      for (const value of attribute.value) writer.integer(field, value);
      return writer;
    case 'strings':
      for (const value of attribute.value) writer.text(field, value);
      return writer;
    case 'graphs':
      for (const value of attribute.value) writer.message(field, writeGraph(value));
      return writer;
  }
}

function writeTensor({ name, shape, dataType, raw }: OnnxTensor): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const size of shape) writer.integer(1, size);
  return writer
    .integer(2, dataType)
    .text(8, name)
    .rawBytes(9, raw as Uint8Array);
}

function writeValueInfo({ name, dataType, shape }: OnnxValueInfo): ProtobufWriter {
  const type = new ProtobufWriter().integer(1, dataType);
  if (shape !== null) {
    const sizes = new ProtobufWriter();
    for (const size of shape) {
      const dimension = new ProtobufWriter();
      sizes.message(1, typeof size === 'number' ? dimension.integer(1, size) : dimension.text(2, size));
    }
    type.message(2, sizes);
  }
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, type));
}
