import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as explicitLSTM from 'explicit-lstm';
import { compareOn } from '../compare.js';

setWasmPaths('/');
self.onmessage = async ({ data }) => self.postMessage(await compareOn(data, tf, explicitLSTM));
