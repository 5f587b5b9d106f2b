import { operatorName, Scope } from '../../formats/onnx/constants.js';
import type { OnnxGraph, OnnxModel, OnnxNode } from '../../formats/onnx/model.js';

/** An LSTM node, and where it is. */
export interface FoundNode {
  node: OnnxNode;
  /** What its inputs mean. */
  scope: Scope;
  /** `If_0.then_branch > encoder/LSTM` */
  path: string;
}

/** The LSTM nodes of a model, and how often each other operator is used. */
export interface Found {
  lstms: FoundNode[];
  others: Map<string, number>;
}

/** How many numbers constants may be made of, beyond what the file is long: of shapes, axes and the like. */
const SPARE_NUMBERS = 100_000;
/** How often each number of the file may be moved on the way to a weight. */
const MOST_MOVES = 16;

/** Finds every LSTM node, also in branches, bodies of loops and functions. */
export function findLSTMs(model: OnnxModel, fileLength: number): Found {
  const found: Found = { lstms: [], others: new Map() };
  const budget = { left: MOST_MOVES * fileLength + SPARE_NUMBERS };
  visitGraph(model.graph, null, '', budget, found);
  for (const { domain, name, inputs, nodes } of model.functions) {
    const scope = new Scope({ nodes, inputs, initializers: [], sparseInitializers: [], declared: [] }, null, budget);
    visitNodes(nodes, scope, `function ${operatorName({ domain, opType: name })} > `, budget, found);
  }
  return found;
}

function visitGraph(graph: OnnxGraph, outer: Scope | null, path: string, budget: { left: number }, found: Found): void {
  const { nodes, initializers, sparseInitializers } = graph;
  const inputs = graph.inputs.map(({ name }) => name);
  const declared = [...graph.inputs, ...graph.values];
  const scope = new Scope({ nodes, inputs, initializers, sparseInitializers, declared }, outer, budget);
  visitNodes(nodes, scope, path, budget, found);
}

function visitNodes(
  nodes: readonly OnnxNode[],
  scope: Scope,
  path: string,
  budget: { left: number },
  found: Found,
): void {
  for (const node of nodes) {
    const here = path + nameOf(node);
    const operator = operatorName(node);
    if (operator === 'LSTM') found.lstms.push({ node, scope, path: here });
    else found.others.set(operator, (found.others.get(operator) ?? 0) + 1);
    for (const attribute of node.attributes) {
      const graphs =
        attribute.type === 'graph' ? [attribute.value] : attribute.type === 'graphs' ? attribute.value : [];
      for (const graph of graphs) visitGraph(graph, scope, `${here}.${attribute.name} > `, budget, found);
    }
  }
}

/** A node's name, for which not all files care: else that of its first value. */
export function nameOf({ name, outputs, opType }: OnnxNode): string {
  return name || (outputs.find((output) => output !== '') ?? opType);
}
