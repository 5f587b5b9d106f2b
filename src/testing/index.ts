/**
 * Keras fixtures and matchers for regression tests.
 *
 * @module explicit-lstm/testing
 */

export { checkFixture } from './check-fixture.js';
export type { Comparison, Difference, Tolerance } from './compare.js';
export type {
  BidirectionalFixtureConfig,
  Fixture,
  FixtureCall,
  FixtureConfig,
  FixtureGates,
  FixtureGradients,
  FixtureMask,
  FixtureTensor,
  LSTMFixtureConfig,
  NamedFixtureTensor,
  SequentialFixtureConfig,
  SingleFixtureConfig,
  StackArgs,
  StackedCellsFixtureConfig,
  TraceName,
} from './fixture.js';
export { fixtureModel } from './fixture-model.js';
export type { FixtureReport, GateDifference, QuantityReport } from './fixture-report.js';
export { loadFixture } from './load-fixture.js';
export type { MatcherContext, MatcherResult, TensorMatchers } from './matchers/matcher-types.js';
export { matchers } from './matchers/matchers.js';
export type { NestedNumbers, NumbersLike } from './matchers/numbers.js';
export type { CheckedTarget } from './run-call.js';
