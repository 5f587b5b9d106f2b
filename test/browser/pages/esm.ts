import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as explicitLSTM from 'explicit-lstm';
import { compareOn } from '../compare.js';

setWasmPaths('/');
window.compareOn = (expected) => compareOn(expected, tf, explicitLSTM);
