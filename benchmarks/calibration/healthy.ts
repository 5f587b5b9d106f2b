import type { Recipe } from './models.js';
import {
  digits,
  echo,
  firstSign,
  lastProduct,
  leakySum,
  majority,
  mean,
  rhyme,
  rising,
  runningMaximum,
  wave,
} from './tasks.js';

/** Recipes of models that do their task well, and how well they must for it to count. */
export interface HealthyCase extends Recipe {
  name: string;
  /** Least fraction of right answers, or of variance explained. */
  wanted: number;
}

/** Every kind of task, layer and setting that the docs mention, each learnt well within seconds. */
export const HEALTHY: readonly HealthyCase[] = [
  { name: 'mean', task: mean, timesteps: 20, wanted: 0.9 },
  { name: 'mean, forget bias 0', task: mean, timesteps: 20, forgetBias: 0, wanted: 0.9 },
  { name: 'mean, hard sigmoid', task: mean, timesteps: 20, recurrentActivation: 'hardSigmoid', wanted: 0.9 },
  {
    name: 'mean, built-in defaults',
    task: mean,
    timesteps: 20,
    recurrentActivation: 'hardSigmoid',
    forgetBias: 0,
    wanted: 0.9,
  },
  { name: 'mean, masked', task: mean, timesteps: 14, kind: 'masked', wanted: 0.9 },
  { name: 'mean, backwards', task: mean, timesteps: 20, kind: 'backwards', wanted: 0.9 },
  { name: 'mean of 50', task: mean, timesteps: 50, epochs: 16, wanted: 0.85 },
  { name: 'majority', task: majority, timesteps: 12, samples: 1024, wanted: 0.85 },
  { name: 'mean, stacked', task: mean, timesteps: 15, kind: 'stacked', wanted: 0.9 },
  { name: 'mean, stacked cells', task: mean, timesteps: 8, kind: 'stacked cells', units: 8, epochs: 6, wanted: 0.9 },
  { name: 'first sign', task: firstSign, timesteps: 10, wanted: 0.9, epochs: 20 },
  { name: 'first sign, forget bias 0', task: firstSign, timesteps: 6, forgetBias: 0, wanted: 0.9, epochs: 30 },
  { name: 'product of the last two', task: lastProduct, timesteps: 30, wanted: 0.85, epochs: 20 },
  {
    name: 'product of the last two, forget bias 0',
    task: lastProduct,
    timesteps: 30,
    forgetBias: 0,
    wanted: 0.85,
    epochs: 20,
  },
  { name: 'running maximum', task: runningMaximum, timesteps: 20, wanted: 0.9 },
  { name: 'rising', task: rising, timesteps: 20, wanted: 0.9 },
  { name: 'rising, bidirectional', task: rising, timesteps: 20, kind: 'bidirectional', wanted: 0.9 },
  {
    name: 'rising, built-in defaults',
    task: rising,
    timesteps: 20,
    recurrentActivation: 'hardSigmoid',
    forgetBias: 0,
    wanted: 0.9,
  },
  { name: 'echo', task: echo, timesteps: 20, wanted: 0.9 },
  { name: 'echo, stacked', task: echo, timesteps: 20, kind: 'stacked', wanted: 0.9 },
  { name: 'leaky sum', task: leakySum, timesteps: 14, wanted: 0.9 },
  { name: 'leaky sum, forget bias 0', task: leakySum, timesteps: 25, forgetBias: 0, wanted: 0.9 },
  { name: 'wave', task: wave, timesteps: 16, wanted: 0.9 },
  { name: 'wave, bidirectional', task: wave, timesteps: 16, kind: 'bidirectional', wanted: 0.9 },
  { name: 'wave, autoencoder', task: wave, timesteps: 6, kind: 'autoencoder', wanted: 0.8, epochs: 25 },
  { name: 'rhyme', task: rhyme, timesteps: 20, units: 16, wanted: 0.75, epochs: 16 },
  {
    name: 'rhyme, built-in defaults',
    task: rhyme,
    timesteps: 20,
    units: 16,
    recurrentActivation: 'hardSigmoid',
    forgetBias: 0,
    wanted: 0.75,
    epochs: 16,
  },
  { name: 'two digits', task: digits([0, 1]), timesteps: 14, wanted: 0.95, epochs: 6 },
  { name: 'four digits', task: digits([0, 1, 4, 7]), timesteps: 14, wanted: 0.85, epochs: 10 },
  {
    name: 'four digits, forget bias 0',
    task: digits([0, 1, 4, 7]),
    timesteps: 14,
    forgetBias: 0,
    wanted: 0.85,
    epochs: 10,
  },
  {
    name: 'ten digits, bidirectional',
    task: digits([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    timesteps: 14,
    kind: 'bidirectional',
    samples: 1500,
    units: 16,
    wanted: 0.8,
    epochs: 8,
  },
];
