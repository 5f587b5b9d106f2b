// What runs in a worker: bundled into `worker-script.ts` as text, for there may be no file of it where the package is used.
import {
  BELL,
  DONE,
  FAILED,
  FOLLOWED,
  FUNCTION,
  FUNCTIONS,
  INSTANCE,
  idle,
  MESSAGES,
  type Message,
  meet,
  POSTED,
  placeOf,
  RUNNING,
  SEQUENCE,
  STATE,
  set,
} from './control.js';

type Instance = Record<(typeof FUNCTIONS)[number], (sequence: number) => void>;

const instances: Instance[] = [];
/** Once an instance is missing, the places of all later ones would be wrong. */
let isBroken = false;

function follow({ control, worker, module, memory }: Message): void {
  if (isBroken) return;
  const place = placeOf(worker);
  // Whoever called tells when it is hopeless.
  const awaitOthers = () => meet(control, () => false);
  try {
    const { exports } = new WebAssembly.Instance(module, { env: { memory, awaitOthers } });
    set(control, place + FOLLOWED, instances.push(exports as unknown as Instance));
  } catch {
    isBroken = true;
    set(control, place + FOLLOWED, -1);
    return;
  }
  serve(control, place);
}

/** Does jobs until there is a message, which only arrives while nothing runs. */
function serve(control: Int32Array, place: number): void {
  for (;;) {
    const bell = Atomics.load(control, place + BELL);
    if (Atomics.load(control, place + MESSAGES) !== instances.length) return;
    if (Atomics.compareExchange(control, place + STATE, POSTED, RUNNING) === POSTED) {
      set(control, place + STATE, work(control, place));
    } else {
      idle(control, place + BELL, bell);
    }
  }
}

function work(control: Int32Array, place: number): number {
  try {
    const instance = instances[control[place + INSTANCE] as number] as Instance;
    instance[FUNCTIONS[control[place + FUNCTION] as number] as keyof Instance](control[place + SEQUENCE] as number);
    return DONE;
  } catch {
    return FAILED;
  }
}

/** Node's worker has its `require`; a page's has none. */
const { require: load } = globalThis as unknown as { require?: (name: string) => typeof import('node:worker_threads') };
if (load === undefined) globalThis.onmessage = ({ data }) => follow(data);
else load('node:worker_threads').parentPort?.on('message', follow);
