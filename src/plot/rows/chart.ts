/** A small picture of a report, in its own units: how large it is, and where in it values are drawn. */
export const CHART = { width: 240, height: 180, plot: { left: 46, top: 8, width: 184, height: 136 } };
