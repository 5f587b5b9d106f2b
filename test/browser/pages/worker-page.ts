import type { Comparison } from '../compare.js';

/** Has the page's worker compare. */
window.compareOn = (expected) =>
  new Promise<Comparison[]>((resolve, reject) => {
    const worker = new Worker('/worker.js');
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(expected);
  });
