import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from '../../src/index.js';
import { type GradientFlow, gradientFlow } from '../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import {
  fixtureLayer,
  fixtureLoss,
  GRADIENT_FLOW_FIXTURES,
  type GradientFlowFixture,
  gradientFlowFixture,
} from '../support/gradient-flow-fixtures.js';
import { LAYER_KIND_NAMES, type LayerKind } from '../support/layer-kinds.js';

function flowOf(kind: LayerKind, fixture: GradientFlowFixture): GradientFlow {
  const { x, h0, c0 } = fixture.inputs;
  const options = { initialState: [h0, c0], mask: fixture.mask };
  return gradientFlow(fixtureLayer(kind, fixture), x, fixtureLoss(fixture), options);
}

const gates = <Value>(byGate: Record<(typeof GATE_NAMES)[number], Value>) => GATE_NAMES.map((gate) => byGate[gate]);

describe.each(NODE_BACKENDS)('On %s,', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  describe.each(LAYER_KIND_NAMES)('gradientFlow through %s', (kind) => {
    test.each(GRADIENT_FLOW_FIXTURES)("finds the gradients that JAX's autograd found: %s", (name) => {
      const fixture = gradientFlowFixture(name);
      const flow = flowOf(kind, fixture);
      const { gradients, inputs } = fixture;
      expectClose(flow.loss, [fixture.loss]);
      expectClose(flow.trace.h, inputs.h);
      expectClose(flow.trace.c, inputs.c);
      for (const quantity of ['dh', 'dc', 'dx', 'dh0', 'dc0', 'dhRecurrent', 'dcCell'] as const) {
        expectClose(flow[quantity], gradients[quantity]);
      }
      expectClose(tf.concat(gates(flow.dz), 2), gradients.dz);
      expectClose(tf.concat(gates(flow.dWeights.kernel), 1), gradients.dkernel);
      expectClose(tf.concat(gates(flow.dWeights.recurrentKernel), 1), gradients.drecurrentKernel);
      expectClose(tf.concat(gates(flow.dWeights.bias!), 0), gradients.dbias);
    });
  });

  test.each(GRADIENT_FLOW_FIXTURES)('stepJacobian finds the Jacobians that JAX found: %s', (name) => {
    const fixture = gradientFlowFixture(name);
    const steps = fixture.stepJacobians.shape[1]!;
    for (const kind of ['the explicit layer', 'the built-in layer'] as const) {
      const flow = flowOf(kind, fixture);
      const found = Array.from({ length: steps }, (_, t) => flow.stepJacobian(t));
      expectClose(tf.stack(found, 1), fixture.stepJacobians);
    }
  });
});

describe('The fixtures', () => {
  beforeAll(() => useBackend('cpu'));

  test('cover masks, both directions, several losses and sizes of one: none was lost', () => {
    tf.tidy(() => {
      const fixtures = GRADIENT_FLOW_FIXTURES.map(gradientFlowFixture);
      expect(fixtures.length).toBeGreaterThanOrEqual(16);
      expect(fixtures.filter(({ mask }) => mask !== null).length).toBeGreaterThanOrEqual(4);
      expect(fixtures.filter(({ goBackwards }) => goBackwards).length).toBeGreaterThanOrEqual(3);
      expect(fixtures.filter(({ mask, goBackwards }) => mask !== null && goBackwards)).toHaveLength(1);
      expect(fixtures.filter(({ inputs }) => inputs.x.shape[1] === 1).length).toBeGreaterThanOrEqual(2);
      expect(new Set(fixtures.map(({ recurrentActivation }) => recurrentActivation)).size).toBe(2);
    });
  });
});
