const NodeEnvironment = require('./node-environment.cjs');

// Dawn, which brings WebGPU to Node, is a native module and its package is an ES module: Jest loads neither within a test. Nor
// do tests reach the real environment, where the loader of Vulkan looks for its drivers.
module.exports = class extends NodeEnvironment {
  async setup() {
    await super.setup();
    // No layer of Mesa is to complain that nothing is on a display.
    process.env.NODEVICE_SELECT ??= '1';
    const { create, globals } = await import('webgpu');
    const openDawn = (variables) => {
      Object.assign(process.env, variables);
      return create([]);
    };
    Object.assign(this.global, globals, { openDawn });
  }
};
