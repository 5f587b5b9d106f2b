// Runs within Jest, before each test file. Without a plan it notes which changes each test asks for; with one, it runs
// the tests again for each change in the plan, in the same process, as starting takes longer than most tests.
//
// A change that a test notices may leave things behind: an open tape, a replaced method. Therefore the test that failed
// is run once more, without the change. If it still fails, nothing further is told in this file.
const { appendFileSync, readFileSync } = require('node:fs');

const { MUTATE_LOG, MUTATE_PLAN } = process.env;
const file = expect.getState().testPath;
const say = (line) => appendFileSync(MUTATE_LOG, `${JSON.stringify({ file, ...line })}\n`);

/** Each test of a block, in order. */
function* testsIn(block) {
  for (const child of block.children) {
    if (child.type === 'test') yield child;
    else yield* testsIn(child);
  }
}

const numbered = (root) => new Map([...testsIn(root)].map((test, n) => [test, n]));

function noteWhatIsAsked() {
  const atLoading = new Set();
  const inHooks = new Set();
  let hits = atLoading;
  let startedAt = 0;
  let numbers = new Map();
  const tests = [];
  globalThis.__mutate = (id) => {
    hits.add(id);
    return false;
  };
  return ({ name, test }, { rootDescribeBlock }) => {
    if (name === 'run_start') {
      numbers = numbered(rootDescribeBlock);
      hits = inHooks;
    } else if (name === 'test_start') {
      hits = new Set();
      startedAt = Date.now();
    } else if (name === 'test_done') {
      tests.push({ n: numbers.get(test), ms: Date.now() - startedAt, hits: [...hits] });
      hits = inHooks;
    } else if (name === 'run_finish') say({ tests, atLoading: [...atLoading], inHooks: [...inHooks] });
  };
}

function runForEachChange(changes) {
  let active;
  let isAsked = false;
  let isFirst = true;
  let isSpoilt = false;
  const rounds = new Map();
  const roundOf = new Map();
  globalThis.__mutate = (id) => {
    if (id !== active) return false;
    isAsked = true;
    return true;
  };

  const skipRest = (block, except) => {
    for (const test of testsIn(block)) if (test !== except) test.mode = 'skip';
  };
  const copied = (block, parent, chosen, round) => {
    const copy = { ...block, parent, children: [], tests: [] };
    for (const child of block.children) {
      if (child.type === 'describeBlock') {
        const inner = copied(child, copy, chosen, round);
        if (inner.children.length > 0) copy.children.push(inner);
      } else if (chosen.has(child)) {
        const test = { ...child, parent: copy, errors: [], retryReasons: [] };
        roundOf.set(test, round);
        round.copies.set(child, test);
        round.originals.set(test, child);
        copy.children.push(test);
      }
    }
    return copy;
  };

  const prepare = (root) => {
    const lines = readFileSync(MUTATE_LOG, 'utf8').trim().split('\n').filter(Boolean);
    const noticed = new Set(lines.map((line) => JSON.parse(line).noticed));
    const numbers = numbered(root);
    const original = { ...root };
    root.children = [];
    // They are those of the copies.
    root.hooks = [];
    for (const { id, tests } of changes.filter((change) => !noticed.has(change.id))) {
      const chosen = new Set([...numbers.keys()].filter((test) => tests.includes(numbers.get(test))));
      const change = { id, copies: new Map(), originals: new Map(), failed: undefined };
      const check = { of: change, copies: new Map(), originals: new Map(), failed: undefined };
      for (const round of [change, check]) {
        const block = copied(original, root, chosen, round);
        root.children.push(block);
        rounds.set(block, round);
      }
    }
  };

  const begin = (block, round, state) => {
    round.unhandled = state.unhandledErrors.length;
    expect.getState().snapshotState.clear();
    if (isSpoilt) return skipRest(block);
    if (round.of) {
      const { failed } = round.of;
      if (failed !== 'a hook') skipRest(block, round.copies.get(failed));
      return;
    }
    isAsked = false;
    active = round.id;
    say({ started: active });
  };
  const end = (round, state) => {
    active = undefined;
    if (isSpoilt) return;
    if (state.unhandledErrors.length > round.unhandled) round.failed ??= 'a hook';
    if (!round.of) {
      if (round.failed === undefined) say({ passed: round.id, isAsked });
    } else if (round.of.failed !== undefined) {
      isSpoilt = round.failed !== undefined;
      // What the first one finds, nothing else has spoilt.
      if (!isSpoilt || isFirst) say({ noticed: round.of.id });
    }
    if (round.of) isFirst = false;
  };

  return ({ name, test, describeBlock }, state) => {
    if (name === 'run_start') prepare(state.rootDescribeBlock);
    const round = rounds.get(describeBlock);
    if (name === 'run_describe_start' && round) begin(describeBlock, round, state);
    if (name === 'run_describe_finish' && round) end(round, state);
    if (name !== 'test_done' || test.errors.length === 0) return;
    const failedIn = roundOf.get(test);
    failedIn.failed ??= failedIn.originals.get(test);
    for (const copy of failedIn.copies.values()) copy.mode ??= 'skip';
  };
}

const plan = MUTATE_PLAN && JSON.parse(readFileSync(MUTATE_PLAN, 'utf8'));
globalThis[Symbol.for('EVENT_HANDLERS')].push(plan ? runForEachChange(plan[file] ?? []) : noteWhatIsAsked());
