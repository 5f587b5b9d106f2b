import type { SectionName } from './options.js';
import type { Section } from './section.js';
import { bidirectionalSection } from './sections/bidirectional.js';
import { builtInSection } from './sections/built-in.js';
import { firstCallSection } from './sections/first-call.js';
import { floorSection } from './sections/floor.js';
import { growthSection } from './sections/growth.js';
import { inspectionSection } from './sections/inspection.js';
import { onnxSection } from './sections/onnx.js';
import { overheadSection } from './sections/overhead.js';
import { streamingSection } from './sections/streaming.js';

export const SECTIONS: Record<SectionName, Section> = {
  inference: builtInSection('inference'),
  training: builtInSection('training'),
  'training-inputs': builtInSection('training-inputs'),
  trace: builtInSection('trace'),
  onnx: onnxSection,
  floor: floorSection,
  growth: growthSection,
  inspection: inspectionSection,
  streaming: streamingSection,
  overhead: overheadSection,
  bidirectional: bidirectionalSection,
  'first-call': firstCallSection,
};
