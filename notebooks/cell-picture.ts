const DISPLAY = Symbol.for('Jupyter.display');

/** One step of a unit: its gates, and its states before and after. */
export interface StepOfUnit {
  /** What the unit reads at this step, for a person. */
  x: string;
  h0: number;
  c0: number;
  i: number;
  f: number;
  g: number;
  o: number;
  c: number;
  h: number;
}

const INK = '#333';
const GATES = { f: '#4c78a8', i: '#54a24b', g: '#888', o: '#e45756' };

const written = (value: number) => value.toFixed(2).replace('-', '−');

interface TextOptions {
  colour?: string;
  size?: number;
  isBold?: boolean;
  anchor?: 'start' | 'middle' | 'end';
}

function text(x: number, y: number, content: string, options: TextOptions = {}): string {
  const { colour = INK, size = 13, isBold = false, anchor = 'middle' } = options;
  const safe = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const weight = isBold ? ' font-weight="bold"' : '';
  return `<text x="${x}" y="${y}" fill="${colour}" font-size="${size}" text-anchor="${anchor}"${weight}>${safe}</text>`;
}

function line(points: string, colour = INK, hasHead = true): string {
  const head = hasHead ? ' marker-end="url(#head)"' : '';
  return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="1.5"${head}/>`;
}

function operation(x: number, y: number, sign: string): string {
  return `<circle cx="${x}" cy="${y}" r="13" fill="white" stroke="${INK}" stroke-width="1.5"/>${text(x, y + 6, sign, { size: 17 })}`;
}

function gate(x: number, name: keyof typeof GATES, value: number, title: string): string {
  const colour = GATES[name];
  return [
    `<rect x="${x - 46}" y="200" width="92" height="42" rx="5" fill="white" stroke="${colour}" stroke-width="2"/>`,
    text(x, 218, title, { colour, size: 12 }),
    text(x, 235, `${name} = ${written(value)}`, { colour, isBold: true }),
  ].join('');
}

/**
 * Draws an LSTM cell of one unit at one step, with its numbers: the cell state runs along the top, is multiplied by f, and has
 * i times g added to it; what o lets through of it goes out as h.
 */
export function cellPicture({ x, h0, c0, i, f, g, o, c, h }: StepOfUnit): object {
  const parts = [
    '<rect width="720" height="330" fill="white"/>',
    '<rect x="100" y="22" width="520" height="240" rx="12" fill="#f7f7f7"/>',
    // The cell state.
    line('40,70 156,70'),
    line('184,70 326,70'),
    line('354,70 680,70'),
    text(12, 54, 'cell state', { anchor: 'start', size: 12 }),
    text(12, 90, `c = ${written(c0)}`, { anchor: 'start', isBold: true }),
    text(708, 54, 'new cell state', { anchor: 'end', size: 12 }),
    text(708, 90, `c = ${written(c)}`, { anchor: 'end', isBold: true }),
    // Forget, write.
    line('170,200 170,84', GATES.f),
    operation(170, 70, '×'),
    text(250, 60, `kept: ${written(f * c0)}`, { size: 12 }),
    line('280,200 280,150 326,150', GATES.i),
    line('400,200 400,150 354,150', GATES.g),
    line('340,136 340,84'),
    operation(340, 150, '×'),
    operation(340, 70, '+'),
    text(350, 112, `written: ${written(i * g)}`, { anchor: 'start', size: 12 }),
    // Show.
    line('560,70 560,96'),
    `<rect x="532" y="96" width="56" height="24" rx="4" fill="white" stroke="${INK}"/>`,
    text(560, 113, 'tanh', { size: 12 }),
    line('560,120 560,136'),
    operation(560, 150, '×'),
    line('510,200 510,150 546,150', GATES.o),
    line('574,150 680,150'),
    text(708, 134, 'hidden state', { anchor: 'end', size: 12 }),
    text(708, 170, `h = ${written(h)}`, { anchor: 'end', isBold: true }),
    gate(170, 'f', f, 'forget gate'),
    gate(280, 'i', i, 'input gate'),
    gate(400, 'g', g, 'candidate'),
    gate(510, 'o', o, 'output gate'),
    // What the gates see.
    line('40,292 170,292 170,244'),
    ...[280, 400, 510].map((at) => line(`170,292 ${at},292 ${at},244`)),
    text(12, 284, `reads ${x}`, { anchor: 'start', isBold: true }),
    text(12, 314, `h = ${written(h0)} from before`, { anchor: 'start', size: 12 }),
  ];
  const head =
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#333"/></marker></defs>';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 330" width="720" height="330" font-family="sans-serif">${head}${parts.join('')}</svg>`;
  return { [DISPLAY]: () => ({ 'image/svg+xml': svg }) };
}
