import { findLSTMs } from '../../convert/onnx/find-lstms.js';
import { type OnnxLSTM, readOnnx } from '../../convert/onnx/read-onnx.js';
import { openSource } from '../../convert/source.js';
import { readOnnxModel } from '../../formats/onnx/read-model.js';
import { inFile } from '../in-file.js';
import type { FileFormat, FileHead, OpenedFile, StoredModule } from './file-format.js';

/** Files begin with their IR version, which will not be much larger for some time. */
const IR_VERSION_TAG = 8;
const HIGHEST_IR_VERSION = 32;

/** The LSTM nodes of a graph of ONNX. */
export const ONNX: FileFormat = {
  title: 'ONNX (.onnx)',
  endings: ['.onnx'],
  recognizes: ({ start }: FileHead) =>
    start[0] === IR_VERSION_TAG && (start[1] as number) > 0 && (start[1] as number) <= HIGHEST_IR_VERSION,
  open,
};

async function open(path: string): Promise<OpenedFile> {
  const { name, bytes } = await openSource('explicit-lstm', path);
  const model = await inFile(name, () => readOnnxModel(bytes));
  const { lstms, others } = findLSTMs(model, bytes.length);
  const nodes = lstms.length === 0 ? [] : await inFile(name, () => readOnnx(bytes));
  const byCount = [...others].sort(([, a], [, b]) => b - a);
  const producer = `${model.producerName} ${model.producerVersion}`.trim();
  return {
    kind: 'weights',
    format: `ONNX file (opset ${model.opsets.get('') ?? 'unknown'})`,
    writtenBy: producer === '' ? null : producer,
    selector: 'node',
    refusal: null,
    modules: nodes.map((node) => describe(node, name)),
    others: {
      noun: 'node',
      count: byCount.reduce((sum, [, count]) => sum + count, 0),
      list: byCount.map(([operator, count]) => `${count} ${operator}`),
    },
  };
}

const DIRECTIONS = { forward: 'forward', reverse: 'backward', bidirectional: 'both ways' } as const;

function describe({ path, options, toLayer }: OnnxLSTM, file: string): StoredModule {
  return {
    name: path,
    class: 'LSTM',
    features: options.features,
    units: options.units,
    layers: 1,
    direction: DIRECTIONS[options.direction],
    note: null,
    toLayers: () => inFile(file, () => [toLayer()]),
  };
}
