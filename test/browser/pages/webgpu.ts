import { installExpect } from '../expect.js';
import { runGroup } from '../webgpu-groups.js';

installExpect();
window.runGroup = runGroup;
