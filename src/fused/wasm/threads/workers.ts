import type { Message } from './control.js';
import { WORKER_SCRIPT } from './worker-script.js';

/** A thread of its own that runs `worker.ts`. */
export interface ThreadWorker {
  send(message: Message): void;
  end(): void;
}

/**
 * Starts a worker, which keeps no process alive.
 *
 * @param onLost Called when it fails to start, or ends by itself.
 * @throws Error where there can be none.
 */
export function startWorker(onLost: (reason: string) => void): ThreadWorker {
  const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  return threads === undefined ? startInPage(onLost) : startInNode(threads, onLost);
}

function startInNode({ Worker }: typeof import('node:worker_threads'), onLost: (reason: string) => void): ThreadWorker {
  // Nothing that was loaded into this process before its own program is needed there.
  const worker = new Worker(WORKER_SCRIPT, { eval: true, execArgv: [] });
  worker.unref();
  worker.on('error', (error) => onLost(String(error)));
  worker.on('exit', () => onLost('it ended'));
  return { send: (message) => worker.postMessage(message), end: () => void worker.terminate() };
}

function startInPage(onLost: (reason: string) => void): ThreadWorker {
  const address = URL.createObjectURL(new Blob([WORKER_SCRIPT], { type: 'text/javascript' }));
  const worker = new Worker(address);
  worker.onerror = ({ message }) =>
    onLost(message || "the page's content security policy may forbid workers from blob:");
  return {
    send: (message) => worker.postMessage(message),
    end: () => {
      worker.terminate();
      URL.revokeObjectURL(address);
    },
  };
}
