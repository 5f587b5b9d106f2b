import type { AnyLSTMCell } from '../../src/layers/lstm-cell.js';
import {
  type GreffVariant,
  greffCell,
  gruCell,
  janetCell,
  layerNormCell,
  mLSTMCell,
  multiplicativeCell,
  sLSTMCell,
} from '../../src/variants/index.js';

export interface Contestant {
  name: string;
  /** What its number of units is a multiple of. Default: 1. */
  unitsAtATime?: number;
  makeCell: (units: number) => AnyLSTMCell;
}

function ofGreff(variant: GreffVariant): Contestant {
  return { name: variant, makeCell: (units) => greffCell({ units, variant }) };
}

/** The vanilla LSTM and the eight variants of Greff et al. 2017, and the other cells of `explicit-lstm/variants`. */
export const CONTESTANTS: readonly Contestant[] = [
  ofGreff('V'),
  { name: 'GRU', makeCell: (units) => gruCell({ units }) },
  ofGreff('NP'),
  ofGreff('CIFG'),
  ofGreff('NIG'),
  ofGreff('NFG'),
  ofGreff('NOG'),
  ofGreff('NIAF'),
  ofGreff('NOAF'),
  ofGreff('FGR'),
  { name: 'JANET', makeCell: (units) => janetCell({ units }) },
  { name: 'layer norm', makeCell: (units) => layerNormCell({ units, convention: 'ba' }) },
  { name: 'sLSTM', makeCell: (units) => sLSTMCell({ units }) },
  { name: 'mLSTM', unitsAtATime: 4, makeCell: (units) => mLSTMCell({ units, heads: 4 }) },
  { name: 'multiplicative', makeCell: (units) => multiplicativeCell({ units }) },
];
