// Only the tests that are to notice: a change of what everybody imports would run all of them, for minutes each.
module.exports = {
  ...require('../../jest.config.cjs'),
  rootDir: '../..',
  roots: [`<rootDir>/${process.env.TESTS ?? 'test'}`],
};
