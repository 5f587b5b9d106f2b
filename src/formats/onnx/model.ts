/** The parts of an ONNX file that say what is computed from what. Source: https://onnx.ai/onnx/repo-docs/IR.html */

export interface OnnxModel {
  irVersion: number;
  producerName: string;
  producerVersion: string;
  /** The version of each set of operators, by its domain; that of ONNX's own is ''. */
  opsets: ReadonlyMap<string, number>;
  graph: OnnxGraph;
  functions: readonly OnnxFunction[];
}

export interface OnnxGraph {
  name: string;
  nodes: OnnxNode[];
  initializers: OnnxTensor[];
  /** The names of initializers that are stored as the few values that are not 0. */
  sparseInitializers: string[];
  inputs: OnnxValueInfo[];
  outputs: OnnxValueInfo[];
  /** What is declared of values in between. */
  values: OnnxValueInfo[];
}

/** What nodes of its domain and name stand for. */
export interface OnnxFunction {
  domain: string;
  name: string;
  inputs: string[];
  nodes: OnnxNode[];
}

export interface OnnxNode {
  name: string;
  opType: string;
  domain: string;
  /** The names of values; '' for one that is left out. */
  inputs: string[];
  outputs: string[];
  attributes: OnnxAttribute[];
}

export type OnnxAttribute = { name: string } & (
  | { type: 'float' | 'int'; value: number }
  | { type: 'floats' | 'ints'; value: number[] }
  | { type: 'string'; value: string }
  | { type: 'strings'; value: string[] }
  | { type: 'tensor'; value: OnnxTensor }
  | { type: 'graph'; value: OnnxGraph }
  | { type: 'graphs'; value: OnnxGraph[] }
  /** Of a kind that this package has no use for, or a function's that the caller gives. */
  | { type: 'other' }
);

/** What an attribute of each type is. */
interface AttributeValues {
  float: number;
  int: number;
  floats: number[];
  ints: number[];
  string: string;
  strings: string[];
  tensor: OnnxTensor;
}

/**
 * A node's attribute; undefined for one that it does not have.
 *
 * @param fail Makes the error for one of another type, or one that a function's caller gives: no default may stand for it.
 */
export function attributeOf<Type extends keyof AttributeValues>(
  node: OnnxNode,
  name: string,
  type: Type,
  fail: (rule: string) => Error,
): AttributeValues[Type] | undefined {
  const found = node.attributes.find((attribute) => attribute.name === name);
  if (found === undefined) return undefined;
  if (found.type !== type) throw fail(`must itself say its attribute ${name}, as ${type}`);
  return (found as { value: unknown }).value as AttributeValues[Type];
}

/** How many axes a tensor may have; ONNX's runtimes take fewer. */
export const MOST_DIMENSIONS = 32;

export interface OnnxValueInfo {
  name: string;
  /** A code of `DATA_TYPES`; 0 for what is no tensor or of unknown type. */
  dataType: number;
  /** A size, the name of one that may vary, or '' for one that is not known; null where nothing is known. */
  shape: (number | string)[] | null;
}

export interface OnnxTensor {
  name: string;
  shape: number[];
  /** A code of `DATA_TYPES`. */
  dataType: number;
  /** The numbers, little-endian; null where the file has them one by one. */
  raw: Uint8Array | null;
  /** The numbers one by one, or the bits of 16 bits each; null where they are raw. */
  numbers: number[] | bigint[] | null;
  /** The file that the numbers are in, if they are in another one. */
  externalFile: string | null;
}

export const FLOAT = 1;
export const INT64 = 7;
