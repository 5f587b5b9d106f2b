export * from './index';
export {
  peepholeGradient,
  peepholeGradientScratchBytes,
  projectionGradient,
  projectionGradientScratchBytes,
} from './kernel-gradients';
