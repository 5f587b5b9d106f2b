import * as tf from '@tensorflow/tfjs';
import { useFastQR } from '../../support/fast-qr.js';
import { installExpect } from '../expect.js';
import { runGroup } from '../webgpu-groups.js';

installExpect();
useFastQR(tf);
window.runGroup = runGroup;
