import * as tf from '@tensorflow/tfjs';

/** What a page can find out about the machine that it runs on. */
export interface Device {
  userAgent: string;
  /** How many threads the processor runs at once, as the browser tells. */
  processors: number;
  /** What draws for WebGL; null without WebGL. */
  webgl: string | null;
  /** What computes for WebGPU; null without WebGPU. */
  webgpu: string | null;
  /** Which of the two are programs on the processor, no graphics cards. */
  software: ('webgl' | 'webgpu')[];
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render|\bcpu\b/i;

export async function describeDevice(): Promise<Device> {
  const webgl = describeWebGL();
  const webgpu = await describeWebGPU();
  const renderers = Object.entries({ webgl, webgpu }) as ['webgl' | 'webgpu', string | null][];
  return {
    userAgent: navigator.userAgent,
    processors: navigator.hardwareConcurrency,
    webgl,
    webgpu,
    software: renderers.filter(([, name]) => name !== null && SOFTWARE.test(name)).map(([api]) => api),
  };
}

function describeWebGL(): string | null {
  const gl = document.createElement('canvas').getContext('webgl2');
  if (gl === null) return null;
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name = gl.getParameter(info === null ? gl.RENDERER : info.UNMASKED_RENDERER_WEBGL) as string;
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  const precision = tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED') ? '' : ' (renders to float16 only)';
  return name + precision;
}

/** As far as the types of TypeScript's own library do not know it. */
interface GPU {
  requestAdapter(options: object): Promise<{ info: Record<string, string | boolean> } | null>;
}

async function describeWebGPU(): Promise<string | null> {
  const { gpu } = navigator as unknown as { gpu?: GPU };
  // As tfjs asks.
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter == null) return null;
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const named = [vendor, architecture, device, description].filter(Boolean).join(' ');
  return `${named || 'not named'}${isFallbackAdapter ? ' (software)' : ''}`;
}
