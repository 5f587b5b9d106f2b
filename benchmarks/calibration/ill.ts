import * as tf from '@tensorflow/tfjs';
import type { LSTM } from '../../src/index.js';
import type { FindingKind } from '../../src/inspect/index.js';
import { type Recipe, type Trained, trained, untrained } from './models.js';
import { echo, firstSign, leakySum, majority, mean, rising, type Task, wave } from './tasks.js';

/** A model with one planted fault, and the finding that must come first. */
export interface IllCase {
  name: string;
  expected: FindingKind;
  /** The gate that the finding is to name; where it is none in particular, undefined. */
  gate?: string;
  make(): Promise<Trained>;
}

const GATES = ['i', 'f', 'g', 'o'] as const;
type Gate = (typeof GATES)[number];

/** Models that do their task well until something is planted in them: trained once each, as copies are cheap. */
const SOUND: Record<string, Recipe> = {
  mean: { task: mean, timesteps: 20 },
  meanHard: { task: mean, timesteps: 20, recurrentActivation: 'hardSigmoid' },
  firstSign: { task: firstSign, timesteps: 10, epochs: 16 },
  majority: { task: majority, timesteps: 12 },
  echo: { task: echo, timesteps: 16 },
  leakySum: { task: leakySum, timesteps: 20 },
  rising: { task: rising, timesteps: 16 },
  wave: { task: wave, timesteps: 16 },
};

const weightsOfSound = new Map<string, tf.Tensor[]>();

async function sound(name: keyof typeof SOUND): Promise<Trained> {
  const recipe = SOUND[name] as Recipe;
  const known = weightsOfSound.get(name);
  if (known === undefined) {
    const result = await trained(recipe);
    weightsOfSound.set(
      name,
      result.model.getWeights().map((weight) => tf.keep(weight.clone())),
    );
    return result;
  }
  const result = untrained(recipe);
  result.model.setWeights(known);
  return result;
}

export function forgetSoundModels(): void {
  for (const weights of weightsOfSound.values()) tf.dispose(weights);
  weightsOfSound.clear();
}

/** The first LSTM of a model. */
function lstmOf({ model }: Trained): LSTM {
  return model.layers.find((layer) => layer instanceof tf.layers.RNN) as unknown as LSTM;
}

type Change = (value: number, gate: Gate, unit: number) => number;

/** Changes the weights of an LSTM, number by number. */
function changeWeights(
  subject: Trained,
  changes: Partial<Record<'kernel' | 'recurrentKernel' | 'bias', Change>>,
): Trained {
  const layer = lstmOf(subject);
  const { units } = layer.cell;
  for (const [name, change] of Object.entries(changes)) {
    const weight = layer.cell[name as 'kernel'];
    const values = weight.read().dataSync().slice();
    for (const [n, value] of values.entries()) {
      const column = n % (4 * units);
      values[n] = change(value, GATES[Math.floor(column / units)] as Gate, column % units);
    }
    const tensor = tf.tensor(values, weight.shape as number[]);
    weight.write(tensor);
    tensor.dispose();
  }
  return subject;
}

/** Sets the bias of a gate in the first `share` of the units. */
const withBias = (subject: Trained, gate: Gate, bias: number, share = 1) =>
  changeWeights(subject, {
    bias: (value, of, unit) => (of === gate && unit < share * lstmOf(subject).cell.units ? bias : value),
  });

const withGates = (subject: Trained, biases: Partial<Record<Gate, number>>) =>
  changeWeights(subject, { bias: (value, gate) => biases[gate] ?? value });

function withInputs(subject: Trained, change: (x: tf.Tensor3D) => tf.Tensor): Trained {
  const x = tf.tidy(() => change(subject.x)) as tf.Tensor3D;
  subject.x.dispose();
  return { ...subject, x };
}

function withNumbers<T extends tf.Tensor>(tensor: T, at: readonly number[], value: number): T {
  const values = tensor.dataSync().slice();
  for (const n of at) values[n] = value;
  return tf.tensor(values, tensor.shape) as T;
}

/** An untrained model of a task, over sequences of some length, with weights as they come. */
const fresh = (task: Task, timesteps: number, others: Partial<Recipe> = {}) =>
  untrained({ task, timesteps, ...others });

function nonFinite(): IllCase[] {
  const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];
  const inputs = [
    { title: 'one NaN', at: [7], value: nan },
    { title: 'many NaN', at: Array.from({ length: 200 }, (_, n) => 3 * n), value: nan },
    { title: 'one Infinity', at: [100], value: infinity },
  ].map(
    ({ title, at, value }): IllCase => ({
      name: `${title} in the inputs`,
      expected: 'non-finite input',
      make: async () => {
        const subject = await sound('mean');
        return { ...subject, x: withNumbers(subject.x, at, value) };
      },
    }),
  );
  const labels = [
    { title: 'one NaN', at: [5], value: nan },
    { title: 'two Infinities', at: [0, 9], value: infinity },
  ].map(
    ({ title, at, value }): IllCase => ({
      name: `${title} in the labels`,
      expected: 'non-finite label',
      make: async () => {
        const subject = await sound('mean');
        return { ...subject, y: withNumbers(subject.y, at, value) };
      },
    }),
  );
  const weights = (['kernel', 'recurrentKernel', 'bias'] as const).map(
    (name): IllCase => ({
      name: `NaN in the ${name}`,
      expected: 'non-finite weight',
      make: async () => {
        const subject = await sound('firstSign');
        let first = true;
        return changeWeights(subject, {
          [name]: (value: number) => {
            const result = first || name === 'bias' ? nan : value;
            first = false;
            return result;
          },
        });
      },
    }),
  );
  const values = [3, 30].map(
    (size): IllCase => ({
      name: `a relu whose state overflows, recurrent weights of ${size}`,
      expected: 'non-finite value',
      make: async () => {
        const subject = fresh(mean, 120, { activation: 'relu' });
        return changeWeights(subject, { recurrentKernel: () => size, kernel: (value) => Math.abs(value) + 1 });
      },
    }),
  );
  return [...inputs, ...labels, ...weights, ...values];
}

function closedGates(): IllCase[] {
  const inputGate = [-4, -6, -10].map(
    (bias): IllCase => ({
      name: `input gate, bias ${bias}`,
      expected: 'gate closed',
      gate: 'i',
      make: async () => withBias(await sound('mean'), 'i', bias),
    }),
  );
  const outputGate = [-4, -6, -10].map(
    (bias): IllCase => ({
      name: `output gate, bias ${bias}`,
      expected: 'gate closed',
      gate: 'o',
      make: async () => withBias(await sound('majority'), 'o', bias),
    }),
  );
  const forgetGate = [-4, -6, -10].map(
    (bias): IllCase => ({
      name: `forget gate, bias ${bias}`,
      expected: 'gate closed',
      gate: 'f',
      make: async () => withBias(await sound('firstSign'), 'f', bias),
    }),
  );
  const untrainedGates = (['i', 'f', 'o'] as const).map(
    (gate): IllCase => ({
      name: `gate ${gate} before training, bias -5`,
      expected: 'gate closed',
      gate,
      make: async () => withBias(fresh(firstSign, 30), gate, -5),
    }),
  );
  const half = (['i', 'f', 'o'] as const).map(
    (gate): IllCase => ({
      name: `gate ${gate} of half of the units, bias -8`,
      expected: 'gate closed',
      gate,
      make: async () => withBias(await sound('leakySum'), gate, -8, 0.5),
    }),
  );
  const everyStep = (['i', 'o'] as const).map(
    (gate): IllCase => ({
      name: `gate ${gate}, loss at every step, bias -7`,
      expected: 'gate closed',
      gate,
      make: async () => withBias(await sound('rising'), gate, -7),
    }),
  );
  return [...inputGate, ...outputGate, ...forgetGate, ...untrainedGates, ...half, ...everyStep];
}

function withoutGradient(): IllCase[] {
  return (
    [
      ['i', -5],
      ['f', -6],
      ['f', 9],
      ['o', -8],
    ] as const
  ).map(
    ([gate, bias]): IllCase => ({
      name: `a hard sigmoid at its end: ${gate}, bias ${bias}`,
      expected: 'no gradient',
      gate,
      make: async () => withBias(await sound('meanHard'), gate, bias),
    }),
  );
}

function states(): IllCase[] {
  const cell = [
    { bias: 4, timesteps: 20 },
    { bias: 6, timesteps: 40 },
    { bias: 9, timesteps: 60 },
  ].map(
    ({ bias, timesteps }): IllCase => ({
      name: `a cell state that only grows: i and f, bias ${bias}, over ${timesteps} steps`,
      expected: 'cell state saturated',
      gate: 'c',
      make: async () => withGates(fresh(mean, timesteps), { i: bias, f: bias, g: 1 }),
    }),
  );
  const candidates = [6, 12, 30].map(
    (factor): IllCase => ({
      name: `a candidate at its ends: its bias ±${factor}`,
      expected: 'candidate saturated',
      gate: 'g',
      make: async () =>
        changeWeights(await sound('echo'), {
          bias: (value, gate, unit) => (gate === 'g' ? (unit % 2 === 0 ? factor : -factor) : value),
        }),
    }),
  );
  const constant = [0.5, 0.75, 1].map(
    (share): IllCase => ({
      name: `units without weights: ${share} of all`,
      expected: 'constant unit',
      gate: 'h',
      make: async () => {
        const subject = await sound('wave');
        const { units } = lstmOf(subject).cell;
        const cut: Change = (value, _, unit) => (unit < share * units ? 0 : value);
        return changeWeights(subject, { kernel: cut, recurrentKernel: cut, bias: cut });
      },
    }),
  );
  const nothing: IllCase = {
    name: 'a mask that hides everything',
    expected: 'nothing to see',
    make: async () => withInputs(fresh(mean, 12, { kind: 'masked' }), (x) => tf.zerosLike(x)),
  };
  return [...cell, ...candidates, ...constant, nothing];
}

function inputs(): IllCase[] {
  const scaled = [
    { scale: 100, offset: 0 },
    { scale: 1000, offset: 0 },
    { scale: 1, offset: 300 },
    { scale: 40, offset: 200 },
  ].map(
    ({ scale, offset }): IllCase => ({
      name: `inputs times ${scale} plus ${offset}`,
      expected: 'unscaled input',
      make: () => trained({ task: mean, timesteps: 20, scale, offset, epochs: 2 }),
    }),
  );
  const pixels: IllCase = {
    name: 'inputs times 255 of a model that knew them as they were',
    expected: 'unscaled input',
    make: async () => withInputs(await sound('majority'), (x) => tf.mul(x, 255)),
  };
  return [...scaled, pixels];
}

function gradients(): IllCase[] {
  const vanishing = [
    { forget: 0, timesteps: 40 },
    { forget: 0, timesteps: 100 },
    { forget: -1, timesteps: 40 },
    { forget: 1, timesteps: 100 },
    { forget: -1.5, timesteps: 60 },
  ].map(
    ({ forget, timesteps }): IllCase => ({
      name: `what matters is ${timesteps} steps back, forget bias ${forget}, training in vain`,
      expected: 'vanishing gradient',
      make: async () => {
        const recipe: Recipe = { task: firstSign, timesteps, epochs: 2, samples: 256 };
        const subject = withGates(untrained(recipe), { f: forget });
        const { x, y } = recipe.task.data(256, timesteps, 3);
        await subject.model.fit(x, y, { epochs: 2, shuffle: false, verbose: 0 });
        tf.dispose([x, y]);
        return subject;
      },
    }),
  );
  const exploding = [3, 5, 9].map(
    (factor): IllCase => ({
      name: `open gates, small inputs and recurrent weights times ${factor}`,
      expected: 'exploding gradient',
      make: async () =>
        changeWeights(withGates(fresh(mean, 12), { i: 3, f: 3, o: 3 }), {
          recurrentKernel: (value, gate) => (gate === 'g' ? factor * value : value),
          kernel: (value) => 1e-5 * value,
        }),
    }),
  );
  const withRelu = [0.2, 0.4].map(
    (size): IllCase => ({
      name: `a relu whose state grows, recurrent weights of ${size}`,
      expected: 'exploding gradient',
      make: async () => {
        const subject = withGates(fresh(mean, 16, { activation: 'relu' }), { i: 2, f: 2, o: 2 });
        return changeWeights(subject, { recurrentKernel: (value, gate) => (gate === 'g' ? size : value) });
      },
    }),
  );
  const notFinite: IllCase = {
    name: 'a loss whose gradient is NaN',
    expected: 'non-finite gradient',
    make: async () => {
      const subject = await sound('mean');
      const loss = (labels: tf.Tensor, answers: tf.Tensor) =>
        tf.add(tf.losses.meanSquaredError(labels, answers), tf.mean(tf.sqrt(tf.mul(answers, 0))));
      subject.model.compile({ optimizer: 'sgd', loss: loss as never });
      return subject;
    },
  };
  const cutOff = ['zero weights', 'a relu that is shut'].map(
    (how): IllCase => ({
      name: `a gradient that a later layer cuts off: ${how}`,
      expected: 'no weight gradient',
      make: async () => {
        const subject = fresh(wave, 16, how === 'zero weights' ? {} : { ending: 'relu' });
        const dense = subject.model.layers.at(-1) as tf.layers.Layer;
        const [kernel, bias] = dense.getWeights() as [tf.Tensor, tf.Tensor];
        dense.setWeights([tf.zerosLike(kernel), how === 'zero weights' ? bias : tf.sub(bias, 5)]);
        return subject;
      },
    }),
  );
  return [...vanishing, ...exploding, ...withRelu, notFinite, ...cutOff];
}

export const ILL: readonly IllCase[] = [
  ...nonFinite(),
  ...closedGates(),
  ...withoutGradient(),
  ...states(),
  ...inputs(),
  ...gradients(),
];
