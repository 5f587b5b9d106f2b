export { backward, backwardScratchBytes } from './backward';
export { forward, forwardScratchBytes } from './forward';
export { inputGradient, inputGradientScratchBytes } from './input-gradient';
export {
  biasGradient,
  biasGradientScratchBytes,
  kernelGradient,
  kernelGradientScratchBytes,
  recurrentKernelGradient,
  recurrentKernelGradientScratchBytes,
} from './kernel-gradients';
export { copyBlock } from './vectors';
export { weightPanelsBytes } from './weights';
