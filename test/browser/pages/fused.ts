import { installExpect } from '../expect.js';
import { runGroup } from '../fused-groups.js';

declare global {
  interface Window {
    runGroup: typeof runGroup;
  }
}

installExpect();
window.runGroup = runGroup;
