import * as tf from '@tensorflow/tfjs';
import { activationText } from '../../../src/plot/index.js';
import { useBackend } from '../../../tools/backends.js';
import { traceOf } from '../../inspect/support/traces.js';
import { drawn, parts, textsOf } from '../support/drawn.js';

beforeAll(() => useBackend('cpu'));

const HOSTILE = '</text><script>alert(1)</script>';

test('Each token has its value, in the order of the text, and lines wrap', async () => {
  const trace = {
    ...traceOf({
      c: [
        [
          [1, -2],
          [3, 4],
          [0, 1],
        ],
      ],
    }),
    unitIndices: [4, 6],
  };
  const before = tf.memory().numTensors;
  const spec = parts(await activationText(trace, { labels: ['ab', 'cd', 'ef'], unit: 6, quantity: 'c', width: 45 }));
  expect(tf.memory().numTensors).toBe(before);
  const tokens: { token: string; value: number; line: number; start: number; end: number }[] = spec.data.values;
  expect(tokens.map(({ token, value, line }) => [token, value, line])).toEqual([
    ['ab', -2, 0],
    ['cd', 4, 0],
    ['ef', 1, 1],
  ]);
  for (const { start, end } of tokens) expect(start >= 0 && end > start && end <= 45).toBe(true);
  expect(tokens[1]!.start).toBeGreaterThan(tokens[0]!.end);
  const texts = textsOf(await drawn(spec));
  for (const text of ['ab', 'cd', 'ef', 'What unit 6 reads']) expect(texts).toContain(text);
  trace.dispose();
});

test('Characters stand without gaps, and white space can be seen', async () => {
  const trace = traceOf({ h: [[[0.5], [-1], [1]]] });
  const spec = parts(await activationText(trace, { labels: [...'a b'], unit: 0 }));
  const [first, second] = spec.data.values;
  expect(second).toMatchObject({ token: '␣', start: first.end, value: -1 });
  trace.dispose();
});

test('Masked steps and values that are not finite have no colour of the scale', async () => {
  const trace = traceOf({ h: [[[1], [Number.NaN], [1]]] }, { mask: [[0, 1, 1]] });
  const spec = parts(await activationText(trace, { labels: [...'abc'], unit: 0 }));
  expect(spec.data.values.map(({ value }: { value: number }) => value)).toEqual([null, null, 1]);
  expect(spec.layer[2].encoding.fill.scale.domain).toEqual(['masked', 'NaN or infinite']);
  await drawn(spec);
  trace.dispose();
});

test('A hostile label is drawn as the text that it is, and cut to a line', async () => {
  const trace = traceOf({ h: [[[1]]] });
  const svg = await drawn(await activationText(trace, { labels: [HOSTILE], unit: 0, width: 640 }));
  expect(svg).not.toContain('<script');
  expect(svg).toContain('&lt;script&gt;');
  const cut = parts(await activationText(trace, { labels: [HOSTILE], unit: 0, width: 60 }));
  expect(cut.data.values[0].token).toBe('</text>');
  const narrow = parts(await activationText(trace, { labels: [HOSTILE], unit: 0, width: 1 }));
  expect(narrow.data.values[0].token).toBe('<');
  trace.dispose();
});

test('Units and labels that there are not are refused', async () => {
  const trace = traceOf({ h: [[[1]]] });
  const refusal = (options: object) => expect(activationText(trace, options as never)).rejects;
  await refusal({ labels: ['a'], unit: 1 }).toThrow('activationText: unit must be among those of the trace, got 1');
  await refusal({ unit: 0 }).toThrow('activationText: timeLabels must be one for each of 1 timesteps, got undefined');
  await refusal({ labels: [], unit: 0 }).toThrow(
    "activationText: timeLabels must be one for each of 1 timesteps, got '0 labels'",
  );
  await refusal({ labels: ['a'], unit: 0, quantity: 'x' }).toThrow(
    "activationText: quantity must be 'i', 'f', 'g', 'o', 'c' or 'h', got 'x'",
  );
  trace.dispose();
});
