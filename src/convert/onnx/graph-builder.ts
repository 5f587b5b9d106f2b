import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValueInfo } from '../../formats/onnx/model.js';
import { FLOAT } from '../../formats/onnx/model.js';
import { floatTensor, integerTensor } from '../../formats/onnx/tensor-numbers.js';

/** The name of a value in a graph. */
export type Value = string;

/** A graph that is written node by node; names that are taken get a number. */
export class GraphBuilder {
  private readonly nodes: OnnxNode[] = [];
  private readonly initializers: OnnxTensor[] = [];
  private readonly inputs: OnnxValueInfo[] = [];
  private readonly outputs: OnnxValueInfo[] = [];
  private readonly taken = new Set<string>();

  /** @param shape Sizes, and the names of those that may vary. */
  input(name: string, shape: (number | string)[]): Value {
    const value = this.free(name);
    this.inputs.push({ name: value, dataType: FLOAT, shape });
    return value;
  }

  /** Makes a value an output of the model, under a name that is free. */
  output(value: Value, name: string, shape: (number | string)[]): void {
    const [renamed] = this.add('Identity', `${name}/output`, [value], [], [name]) as [Value];
    this.outputs.push({ name: renamed, dataType: FLOAT, shape });
  }

  floats(name: string, shape: number[], data: Float32Array): Value {
    const value = this.free(name);
    this.initializers.push(floatTensor(value, shape, data));
    return value;
  }

  integers(name: string, values: readonly number[]): Value {
    const value = this.free(name);
    this.initializers.push(integerTensor(value, values));
    return value;
  }

  /**
   * Adds a node.
   *
   * @param outputs What its outputs are to be called; '' for one that nobody needs.
   * @returns What they are called.
   */
  add(
    opType: string,
    name: string,
    inputs: readonly Value[],
    attributes: OnnxAttribute[],
    outputs: readonly string[],
  ): Value[] {
    const node: OnnxNode = {
      name: this.free(name),
      opType,
      domain: '',
      inputs: [...inputs],
      outputs: outputs.map((output) => (output === '' ? '' : this.free(output))),
      attributes,
    };
    this.nodes.push(node);
    return node.outputs;
  }

  graph(name: string): OnnxGraph {
    const { nodes, initializers, inputs, outputs } = this;
    return { name, nodes, initializers, sparseInitializers: [], inputs, outputs, values: [] };
  }

  private free(name: string): string {
    let free = name;
    for (let n = 1; this.taken.has(free); n++) free = `${name}_${n}`;
    this.taken.add(free);
    return free;
  }
}
