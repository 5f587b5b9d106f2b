import * as tf from '@tensorflow/tfjs';
import { useFastQR } from './fast-qr.js';

export const QR_OF_TFJS = useFastQR(tf);

// The cpu backend advertises tfjs-node at its first write, except in production mode. tfjs's test mode would silence it
// too, but changes how kernels run.
const production = tf.env().getBool('PROD');
tf.env().set('PROD', true);
tf.scalar(0).dispose();
tf.env().set('PROD', production);
