/** The fields of `assembly/sequence.ts`, in its order; each has 4 bytes. */
// biome-ignore format: one line for each group of the original
export const SEQUENCE_FIELDS = [
  'batch', 'timesteps', 'features', 'units',
  'hardSigmoid', 'goBackwards', 'zeroOutputForMask', 'inputMaskCount', 'recurrentMaskCount',
  'x', 'h0', 'c0', 'kernel', 'recurrentKernel', 'bias', 'mask',
  'inputMaskI', 'inputMaskF', 'inputMaskG', 'inputMaskO',
  'recurrentMaskI', 'recurrentMaskF', 'recurrentMaskG', 'recurrentMaskO',
  'lastOutput', 'h', 'c', 'outputs', 'i', 'f', 'g', 'o', 'cells', 'hiddens', 'savedGates',
  'dLastOutput', 'dH', 'dC', 'dOutputs', 'dI', 'dF', 'dG', 'dO', 'dCells',
  'dZ', 'dH0', 'dC0', 'dKernel', 'dRecurrentKernel', 'dBias', 'dX',
  'scratch',
] as const;

export type SequenceField = (typeof SEQUENCE_FIELDS)[number];

/** Sizes, options and addresses; what is left out is 0. */
export type SequenceFields = Partial<Record<SequenceField, number>>;
