/** As much of a browser's document as the report's page uses, for tests: elements are found by id and keep what they get. */

type Listener = (event: Record<string, unknown>) => void;

/** Named as in a browser, so that the page's own code makes and finds them. */
export class FakeElement {
  readonly attributes: Record<string, string> = {};
  readonly listeners: Record<string, Listener[]> = {};
  readonly properties: Record<string, string> = {};
  readonly classes = new Set<string>();
  children: FakeElement[] = [];
  parentElement: FakeElement | null = null;
  hidden = false;
  value = '';
  max = '';
  width = 0;
  height = 0;
  /** What a canvas was last given, a colour a pixel. */
  image: { width: number; height: number; data: Uint8ClampedArray } | null = null;
  private ownText = '';
  readonly style = {
    background: '',
    color: '',
    setProperty: (name: string, value: string) => {
      this.properties[name] = value;
    },
  };
  readonly classList = {
    toggle: (name: string, isOn: boolean) => void (isOn ? this.classes.add(name) : this.classes.delete(name)),
  };

  constructor(readonly name: string) {}

  get textContent(): string {
    return this.ownText + this.children.map((child) => child.textContent).join('');
  }
  set textContent(text: string) {
    this.ownText = text;
    this.children = [];
  }
  get firstElementChild(): FakeElement | null {
    return this.children[0] ?? null;
  }
  setAttribute(name: string, value: string): void {
    this.attributes[name] = value;
  }
  getAttribute(name: string): string | null {
    return this.attributes[name] ?? null;
  }
  append(...added: FakeElement[]): void {
    for (const child of added) child.parentElement = this;
    this.children.push(...added);
  }
  replaceChildren(...children: FakeElement[]): void {
    this.children = [];
    this.ownText = '';
    this.append(...children);
  }
  addEventListener(type: string, listener: Listener): void {
    this.listeners[type] = [...(this.listeners[type] ?? []), listener];
  }
  /** Only the two forms that the page asks for: `[attribute]` with or without a value, and a name. */
  matches(selector: string): boolean {
    const attribute = selector.match(/^\[([\w-]+)(?:="(.*)")?\]$/);
    if (attribute === null) return this.name === selector;
    const value = this.attributes[attribute[1] as string];
    return value !== undefined && (attribute[2] === undefined || attribute[2] === value);
  }
  closest(selector: string): FakeElement | null {
    if (this.matches(selector)) return this;
    return this.parentElement?.closest(selector) ?? null;
  }
  querySelectorAll(selector: string): FakeElement[] {
    return this.children.flatMap((child) => [
      ...(child.matches(selector) ? [child] : []),
      ...child.querySelectorAll(selector),
    ]);
  }
  getBoundingClientRect() {
    return { left: 10, top: 20, width: 100, height: 50 };
  }
  getContext() {
    return {
      createImageData: (width: number, height: number) => ({
        width,
        height,
        data: new Uint8ClampedArray(4 * width * height),
      }),
      putImageData: (image: FakeElement['image']) => {
        this.image = image;
      },
    };
  }
  /** What happens to it, as a browser tells: to it and to what it is in. */
  dispatch(type: string, event: Record<string, unknown> = {}): Record<string, unknown> {
    const whole: Record<string, unknown> = { target: this, isPrevented: false, ...event };
    whole.preventDefault = () => {
      whole.isPrevented = true;
    };
    for (let at: FakeElement | null = this; at !== null; at = at.parentElement) {
      for (const listener of at.listeners[type] ?? []) listener(whole);
    }
    return whole;
  }
}

export interface FakePage {
  byId(id: string): FakeElement;
  /** Whether the reader's system is dark; tells the page when it changes. */
  setDark(isDark: boolean): void;
}

/** Puts a document with elements of these ids where the page looks for it. */
export function fakePage(ids: readonly string[]): FakePage {
  const elements = new Map(ids.map((id) => [id, new FakeElement(id)]));
  const darkness = { matches: false, listeners: [] as (() => void)[] };
  const map = elements.get('map');
  if (map !== undefined) map.append(elements.get('heatmap') as FakeElement);
  elements.get('heatmap-overlay')?.append(new FakeElement('defs'));
  Object.assign(globalThis, {
    document: {
      getElementById: (id: string) => elements.get(id) ?? null,
      createElement: (name: string) => new FakeElement(name),
      createElementNS: (_: string, name: string) => new FakeElement(name),
    },
    window: {
      matchMedia: () => ({
        get matches() {
          return darkness.matches;
        },
        addEventListener: (_: string, listener: () => void) => void darkness.listeners.push(listener),
      }),
    },
  });
  return {
    byId: (id) => elements.get(id) as FakeElement,
    setDark(isDark) {
      darkness.matches = isDark;
      for (const listener of darkness.listeners) listener();
    },
  };
}
