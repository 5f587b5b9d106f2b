import { show } from '../../../src/plot/index.js';
import { OPTIONAL_PACKAGES } from '../../../src/plot/rendering/optional-packages.js';
import { SPEC } from '../support/small-picture.js';

afterEach(() => {
  jest.restoreAllMocks();
});

test('A notebook gets the specification under the media type that JupyterLab draws', async () => {
  const plot = show(SPEC) as unknown as Record<symbol, () => unknown>;
  expect(plot[Symbol.for('Jupyter.display')]?.()).toEqual({
    'application/vnd.vegalite.v5+json': SPEC,
    'text/plain': '[a picture: a picture]',
  });
  await expect(show(SPEC).drawn).resolves.toBeUndefined();
  const untitled = show({ ...SPEC, title: undefined }) as unknown as Record<symbol, () => object>;
  expect(untitled[Symbol.for('Jupyter.display')]?.()).toHaveProperty(['text/plain'], '[a picture: Vega-Lite]');
});

test('In a page, vega-embed draws a copy in the element', async () => {
  const embed = jest.fn();
  jest.spyOn(OPTIONAL_PACKAGES, 'vega-embed').mockResolvedValue({ default: embed } as never);
  await show(SPEC, { element: '#gates' }).drawn;
  const { $schema: _, ...picture } = SPEC;
  expect(embed).toHaveBeenCalledWith('#gates', picture, expect.objectContaining({ mode: 'vega-lite' }));
  expect(embed.mock.calls[0][1].data.values[0]).not.toBe(SPEC.data.values[0]);
});

test('What is missing is told by the promise, what is no specification at once', async () => {
  jest.spyOn(OPTIONAL_PACKAGES, 'vega-embed').mockRejectedValue(new Error('none'));
  await expect(show(SPEC, { element: '#a' }).drawn).rejects.toThrow(
    'show: vega-embed must be installed: npm install vega-embed',
  );
  expect(() => show({} as never)).toThrow('show: spec must be a Vega-Lite specification');
});

test('An element is one, or its selector', async () => {
  const embed = jest.fn();
  jest.spyOn(OPTIONAL_PACKAGES, 'vega-embed').mockResolvedValue({ default: embed } as never);
  const element = { nodeType: 1 } as never;
  await show(SPEC, { element }).drawn;
  expect(embed).toHaveBeenCalledWith(element, expect.anything(), expect.anything());
  await show(SPEC, { element: null } as never).drawn;
  expect(embed).toHaveBeenCalledTimes(1);
  for (const [wrong, shown] of [
    ['', "''"],
    [7, '7'],
    [{ nodeType: 3 }, 'an object of class Object'],
  ]) {
    expect(() => show(SPEC, { element: wrong } as never)).toThrow(
      `show: element must be an element or a selector of one, got ${shown}`,
    );
  }
  expect(() => show(SPEC, { Element: '#a' } as never)).toThrow(
    "show: the option must be spelt 'element', got 'Element'",
  );
  expect(() => show(SPEC, '#a' as never)).toThrow("show: options must be an object, got '#a'");
});
