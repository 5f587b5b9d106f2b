/** The gates in the order of their blocks in kernel, recurrent kernel and bias, which is Keras's and tfjs's order. */
export const GATE_NAMES = ['i', 'f', 'g', 'o'] as const;

export type GateName = (typeof GATE_NAMES)[number];
