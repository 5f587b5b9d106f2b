import { FileError } from '../../formats/file-error.js';
import type { ConfigDict } from '../../host/types.js';
import type { Dialect } from './identifiers.js';
import type { KerasCall, KerasTensor } from './read-model.js';

/** What an operation on tensors becomes: a layer. */
export interface OperationPlan {
  className: string;
  config: ConfigDict;
  inputs: KerasTensor[];
}

/**
 * The layer that computes what an operation on tensors computes.
 *
 * @throws FileError for an operation that cannot be computed.
 */
export function translateOperation({ layer }: KerasCall, _dialect: Dialect): OperationPlan {
  const advice = 'write it as a layer that is listed in docs/convert.md';
  throw new FileError(
    layer.place,
    `is the operation '${layer.className.slice(0, 100)}', which cannot be computed here`,
    { advice },
  );
}
