import { type Browser, chromium } from 'playwright-core';
import { findChromium } from '../../tools/find-chromium.js';

const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
];
// SwiftShader renders on the processor, so that WebGL with float32 textures is there on a machine without a graphics card.
const SOFTWARE_FLAGS = ['--enable-unsafe-swiftshader', '--use-angle=swiftshader', '--use-webgpu-adapter=swiftshader'];

/** @param usesGraphicsCard Instead of the software renderer, if the browser finds one. */
export function launchChromium({ usesGraphicsCard = false } = {}): Promise<Browser> {
  const args = usesGraphicsCard ? [...FLAGS, '--ignore-gpu-blocklist'] : [...FLAGS, ...SOFTWARE_FLAGS];
  return chromium.launch({ executablePath: findChromium(), args });
}
