import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import ts from 'typescript';
import { useBackend } from '../../tools/backends.js';
import { kerasFixturePath } from '../support/keras-fixtures.js';
import { completeExample } from './support/complete-example.js';
import { FIXTURE, saveExampleModel } from './support/example-context.js';
import { findExamples } from './support/find-examples.js';
import { createProgram, entryPoints, exportsByEntry } from './support/package-program.js';
import 'explicit-lstm/testing/jest';

const entries = exportsByEntry(createProgram([...entryPoints().values()]));
const examples = findExamples().map((example, n) => ({
  ...example,
  path: `test/docs/examples/${n}.ts`,
  module: completeExample(example, entries),
}));

const root = process.cwd();
let folder = '';

// The examples read models and fixtures, and save models, where they are run.
beforeAll(async () => {
  // First of all, as tfjs-node keeps the console.log that it finds.
  for (const method of ['log', 'warn'] as const) jest.spyOn(console, method).mockImplementation();
  await useBackend('tensorflow');
  folder = mkdtempSync(join(tmpdir(), 'examples-'));
  mkdirSync(join(folder, 'test'));
  for (const name of ['encoder.json', 'test/encoder.json', 'test/lstm_1.json']) {
    copyFileSync(kerasFixturePath(FIXTURE), join(folder, name));
  }
  const models = join(root, 'fixtures/models');
  copyFileSync(join(models, 'torch/model.safetensors'), join(folder, 'model.safetensors'));
  copyFileSync(join(models, 'onnx/bidirectional.onnx'), join(folder, 'encoder.onnx'));
  const keras = readFileSync(join(models, 'keras/keras-3.15.1/sequential.keras.gz'));
  writeFileSync(join(folder, 'model.keras'), gunzipSync(keras));
  for (const ending of ['index', 'data-00000-of-00001']) {
    copyFileSync(join(models, `tf1/plain.${ending}`), join(folder, `model.ckpt-1000.${ending}`));
    copyFileSync(join(models, `tf1/both-ways.${ending}`), join(folder, `both-ways.ckpt.${ending}`));
  }
  await saveExampleModel(folder);
  process.chdir(folder);
});

// Some choose a backend of their own.
beforeEach(() => useBackend('tensorflow'));

afterAll(() => {
  process.chdir(root);
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

jest.setTimeout(120_000);

test('every example compiles', () => {
  process.chdir(root);
  const program = createProgram([], new Map(examples.map(({ path, module }) => [path, module])));
  const mistakes = examples.flatMap(({ place, path }) => {
    const source = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${place}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  });
  process.chdir(folder);
  expect(mistakes).toEqual([]);
});

test.each(examples.filter(({ isOnlyCompiled }) => !isOnlyCompiled))(
  'the example at $place runs',
  async ({ module }) => {
    const { outputText } = ts.transpileModule(module, {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    });
    const exported: { run?: () => Promise<void> } = {};
    const requireHere = (name: string) => require(name.replace('../support/', './support/').replace(/\.js$/, ''));
    new Function('require', 'exports', outputText)(requireHere, exported);
    await exported.run?.();
  },
);
