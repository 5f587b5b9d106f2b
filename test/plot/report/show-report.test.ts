import * as tf from '@tensorflow/tfjs';
import type { LiveAnswer, LiveRequest } from '../../../src/plot/page/live-messages.js';
import { showReport } from '../../../src/plot/report/show-report.js';
import { useBackend } from '../../../tools/backends.js';
import { BUILT_IN } from '../../support/factories.js';
import { randomTensor } from '../../support/random.js';

beforeAll(() => useBackend('cpu'));

/** As much of a page as shows a report. */
class SomeElement {
  readonly style = { cssText: '' };
  readonly contentWindow = {};
  title = '';
  src = '';
  setAttribute = jest.fn();
  remove = jest.fn();
  replaceChildren = jest.fn();
}

const page = {
  document: { createElement: () => new SomeElement(), body: { append: jest.fn() } },
  HTMLElement: SomeElement,
  window: new EventTarget(),
};

const channels: MessageChannel[] = [];

/** Closed after the test, since an open one keeps Node from ending. */
function someChannel(): MessageChannel {
  const channel = new MessageChannel();
  channels.push(channel);
  return channel;
}

beforeEach(() => Object.assign(globalThis, page));
afterEach(() => {
  for (const { port1 } of channels.splice(0)) port1.close();
  jest.restoreAllMocks();
  for (const name of Object.keys(page)) delete (globalThis as Record<string, unknown>)[name];
});

function someModel(): tf.LayersModel {
  return tf.sequential({
    layers: [BUILT_IN.lstm({ units: 2, name: 'reader', inputShape: [3, 2] }), tf.layers.dense({ units: 1 })],
  });
}

const someOptions = () => ({
  inputs: randomTensor([2, 3, 2], 3),
  labels: tf.ones([2, 1]),
  loss: 'meanSquaredError',
});

/** The message by which a report asks for the model. */
function request(source: object, port: MessagePort): Event {
  return Object.assign(new Event('message'), { source, data: { explicitLSTM: 'report' }, ports: [port] });
}

const REQUEST: LiveRequest = { title: 'reader', sample: 1, quantity: 'h', units: [0], value: 0 };

function answerFrom(port: MessagePort): Promise<LiveAnswer> {
  return new Promise((resolve) => {
    port.onmessage = ({ data }: MessageEvent<LiveAnswer>) => resolve(data);
    port.postMessage(REQUEST);
  });
}

test('A report that is shown is answered, until it is disposed, and then nothing is left', async () => {
  const [model, options] = [someModel(), someOptions()];
  const before = tf.memory().numTensors;
  const { frame, dispose } = await showReport(model, options);
  // Without an origin of the page's, what is in the report cannot reach the page.
  expect(frame.setAttribute).toHaveBeenCalledWith('sandbox', 'allow-scripts allow-downloads');
  const { port1, port2 } = someChannel();
  const close = jest.spyOn(port2, 'close');
  const ofAnother = someChannel().port2;
  page.window.dispatchEvent(request({}, ofAnother));
  page.window.dispatchEvent(request(frame.contentWindow as object, port2));
  expect(await answerFrom(port1)).toMatchObject({ request: REQUEST, meanChange: expect.any(Number) });
  expect(ofAnother.onmessage).toBeNull();
  expect(close).not.toHaveBeenCalled();
  dispose();
  expect(close).toHaveBeenCalledTimes(1);
  expect(frame.remove).toHaveBeenCalledTimes(1);
  expect(tf.memory().numTensors).toBe(before);
});

test('A report that is loaded anew is answered at its new port, and the old one is closed', async () => {
  const { frame, dispose } = await showReport(someModel(), someOptions());
  const [first, second] = [someChannel(), someChannel()];
  const close = jest.spyOn(first.port2, 'close');
  page.window.dispatchEvent(request(frame.contentWindow as object, first.port2));
  page.window.dispatchEvent(request(frame.contentWindow as object, second.port2));
  expect(close).toHaveBeenCalledTimes(1);
  expect(await answerFrom(second.port1)).toHaveProperty('meanChange');
  dispose();
});

test('Where not all can be copied, no copy is left', async () => {
  const [model, options] = [someModel(), someOptions()];
  const before = tf.memory().numTensors;
  let clones = 0;
  const original = tf.engine().runKernel.bind(tf.engine());
  jest.spyOn(tf.engine(), 'runKernel').mockImplementation((...parameters) => {
    const isOfLabels = parameters[0] === 'Identity' && (parameters[1] as { x: tf.Tensor }).x.shape.join() === '2,1';
    if (isOfLabels && new Error().stack?.includes('ownData')) {
      clones += 1;
      throw new Error('no room for labels');
    }
    return original(...parameters);
  });
  await expect(showReport(model, options)).rejects.toThrow('no room for labels');
  expect(clones).toBe(1);
  expect(tf.memory().numTensors).toBe(before);
});
