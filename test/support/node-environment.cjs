const { TestEnvironment } = require('jest-environment-node');

// tfjs-node's tensors hold typed arrays of Node's own realm; tfjs asks for their class with instanceof.
module.exports = class extends TestEnvironment {
  constructor(...args) {
    super(...args);
    Object.assign(this.global, { Float32Array, Int32Array });
  }
};
