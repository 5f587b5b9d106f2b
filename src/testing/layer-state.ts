import type { FixtureConfig } from './fixture.js';

/** Whether any layer keeps its states from call to call. */
export function isStateful(config: FixtureConfig): boolean {
  if (config.kind === 'sequential') return config.layers.some(isStateful);
  return (config.kind === 'bidirectional' ? config.layer.args : config.args).stateful === true;
}
