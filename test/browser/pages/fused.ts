import * as tf from '@tensorflow/tfjs';
import { useFastQR } from '../../support/fast-qr.js';
import { installExpect } from '../expect.js';
import { runGroup } from '../fused-groups.js';

declare global {
  interface Window {
    runGroup: typeof runGroup;
  }
}

installExpect();
useFastQR(tf);
window.runGroup = runGroup;
