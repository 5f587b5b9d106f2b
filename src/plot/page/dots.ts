import { percent } from '../../inspect/words.js';
import { CHART } from '../rows/chart.js';
import { createSvg } from './elements.js';

interface Dot {
  x: number;
  y: number;
  unit: number;
  /** Where a click leads; null for nowhere. */
  address: string | null;
}

/** So near must a pointer be, in the units of the picture: a finger is not exact. */
const NEAR = 10;

/** Names the unit whose dot a pointer is near in a picture of saturation, and goes there at a click. */
export function connectDots(): void {
  document.addEventListener('pointermove', (event) => {
    for (const mark of document.querySelectorAll('.near')) mark.remove();
    const picture = pictureOf(event);
    if (picture === null) return;
    const dot = nearest(picture, event);
    picture.style.cursor = dot?.address == null ? '' : 'pointer';
    if (dot === null) return;
    const { left, top, width, height } = CHART.plot;
    const closed = percent(1 - (dot.y - top) / height);
    const open = percent((dot.x - left) / width);
    const mark = createSvg('circle', { class: 'near', cx: dot.x, cy: dot.y, r: 5 });
    const title = picture.querySelector('title') ?? picture.appendChild(createSvg('title', {}));
    title.textContent = `unit ${dot.unit}: closed ${closed}, open ${open}`;
    picture.append(mark);
  });
  document.addEventListener('click', (event) => {
    const picture = pictureOf(event);
    const address = picture === null ? null : nearest(picture, event)?.address;
    if (address != null) location.hash = address;
  });
}

function pictureOf({ target }: MouseEvent): SVGSVGElement | null {
  const picture = target instanceof Element ? target.closest('svg') : null;
  return picture?.querySelector('.dots') == null ? null : picture;
}

function nearest(picture: SVGSVGElement, { clientX, clientY }: MouseEvent): Dot | null {
  const box = picture.getBoundingClientRect();
  const x = ((clientX - box.left) / box.width) * CHART.width;
  const y = ((clientY - box.top) / box.height) * CHART.height;
  const distance = (dot: Dot) => Math.hypot(dot.x - x, dot.y - y);
  return dotsOf(picture)
    .filter((dot) => distance(dot) <= NEAR)
    .reduce<Dot | null>((best, dot) => (best === null || distance(dot) < distance(best) ? dot : best), null);
}

function dotsOf(picture: SVGSVGElement): Dot[] {
  return [...picture.querySelectorAll<SVGPathElement>('.dots')].flatMap((path) => {
    const { units = '', address } = path.dataset;
    const places = path.getAttribute('d')?.split('M').slice(1) ?? [];
    return units.split(' ').map((unit, n) => {
      const [x, y] = (places[n] as string).split(/[ h]/).map(Number) as [number, number];
      return { x, y, unit: Number(unit), address: address === undefined ? null : `${address}&unit=${unit}` };
    });
  });
}
