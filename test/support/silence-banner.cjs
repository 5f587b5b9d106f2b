// The cpu backend advertises tfjs-node at its first write, except in production mode. tfjs's test mode would silence it
// too, but changes how kernels run.
const tf = require('@tensorflow/tfjs');

const production = tf.env().getBool('PROD');
tf.env().set('PROD', true);
tf.scalar(0).dispose();
tf.env().set('PROD', production);
