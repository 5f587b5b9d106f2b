const { readFileSync } = require('node:fs');
const { default: Sequencer } = require('@jest/test-sequencer');

/** Test files in the order of the plan. */
module.exports = class extends Sequencer {
  sort(tests) {
    const files = Object.keys(JSON.parse(readFileSync(process.env.MUTATE_PLAN, 'utf8')));
    return [...tests].sort((a, b) => files.indexOf(a.path) - files.indexOf(b.path));
  }
};
