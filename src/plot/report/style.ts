/** The style of a report: light and dark as the reader's system is set, one column on a phone. */
export const STYLE = `
:root { color-scheme: light dark; --back: #fff; --card: #f6f8fa; --text: #1f2328; --quiet: #59636e; --line: #d1d9e0;
  --accent: #0072b2; --mask: #e4e7ea; --hatch: #a9b1ba; --cursor-colour: #d55e00;
  --error: #b3261e; --warning: #8a5000; --note: #0b5a8f; }
@media (prefers-color-scheme: dark) { :root { --back: #14171a; --card: #1c2126; --text: #e6edf3; --quiet: #9aa4af;
  --line: #3d444d; --accent: #56b4e9; --mask: #2b3036; --hatch: #5c6670; --cursor-colour: #e69f00;
  --error: #ff8b80; --warning: #f0b860; --note: #7cc4f5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem; }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .25rem; overflow-wrap: anywhere; }
p { margin: .5rem 0; } .quiet, figcaption { color: var(--quiet); font-size: .875rem; }
a { color: var(--accent); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.findings { list-style: none; padding: 0; } .findings li { background: var(--card); border-left: .3rem solid;
  padding: .5rem .75rem; margin: .5rem 0; border-radius: .25rem; overflow-wrap: anywhere; }
.findings .error { border-color: var(--error); } .findings .warning { border-color: var(--warning); }
.findings .note { border-color: var(--note); } .severity { font-weight: 700; }
.error .severity { color: var(--error); } .warning .severity { color: var(--warning); } .note .severity { color: var(--note); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(11rem, 45%), 1fr)); gap: .75rem; margin: .75rem 0; }
figure { margin: 0; } figure svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--quiet); font: 13px system-ui, sans-serif; } svg .frame { fill: none; stroke: var(--line); }
svg .dot { fill: var(--accent); fill-opacity: .6; } svg .bar { fill: var(--accent); }
svg .guide { stroke: var(--quiet); stroke-dasharray: 4 3; fill: none; } svg .diagonal { stroke: var(--line); }
svg .curve { fill: none; stroke: var(--accent); stroke-width: 2; } svg .second { stroke: var(--cursor-colour); stroke-dasharray: 6 3; }
svg .key-first { fill: var(--accent); } svg .key-second { fill: var(--cursor-colour); }
.controls { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .5rem .75rem; }
.controls label { font-size: .8rem; color: var(--quiet); display: block; }
.controls .wide { grid-column: 1 / -1; }
select, input[type=range] { width: 100%; font: inherit; min-height: 2.5rem; margin: 0; }
select { background: var(--card); color: var(--text); border: 1px solid var(--line); border-radius: .375rem; padding: .25rem .5rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
#text { font: 14px/1.9 ui-monospace, monospace; margin: .75rem 0; max-height: 14rem; overflow: auto; overflow-wrap: anywhere; cursor: pointer; }
#text span { padding: .15rem .2rem; border-radius: .15rem; margin: 0 1px; } #text [aria-selected=true] { outline: 2px solid var(--cursor-colour); }
.masked-token { opacity: .45; text-decoration: line-through; }
#readout { position: sticky; top: 0; z-index: 2; background: var(--back); padding: .4rem 0; display: flex; flex-wrap: wrap; gap: .1rem .9rem;
  font-variant-numeric: tabular-nums; border-bottom: 1px solid var(--line); min-height: 2.4rem; }
#chart { --gutter: 4.25rem; position: relative; touch-action: pan-y; }
#chart::after { content: ''; position: absolute; top: 0; bottom: 0; width: 2px; margin-left: -1px; pointer-events: none; background: var(--cursor-colour);
  left: calc(var(--gutter) + (100% - var(--gutter)) * var(--cursor, 0)); }
.grid { display: grid; grid-template-columns: var(--gutter) minmax(0, 1fr); }
.side { padding-right: .4rem; text-align: right; font-size: .8rem; color: var(--quiet); }
#map { position: relative; height: clamp(8rem, calc(var(--rows, 16) * 9px), 26rem); border: 1px solid var(--line); }
#heatmap { width: 100%; height: 100%; display: block; image-rendering: pixelated; cursor: crosshair; }
#heatmap-overlay { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.hatching { stroke: var(--hatch); stroke-width: 1.5; } .hatching-back { fill: var(--mask); } .masked { fill: url(#hatched); }
.masked-row { fill: var(--mask); } .chosen-row { fill: none; stroke: var(--cursor-colour); stroke-width: 2; }
#timeline { display: grid; grid-template-columns: var(--gutter) minmax(0, 1fr); row-gap: .35rem; margin-top: .35rem; }
#timeline svg { width: 100%; height: 3.6rem; display: block; border: 1px solid var(--line); cursor: crosshair; }
.row-title { display: grid; grid-template: 1fr 1fr / 1fr auto; padding-right: .4rem; font-size: .7rem; color: var(--quiet); text-align: right; }
.row-title b { grid-row: 1 / 3; align-self: center; text-align: left; font-size: 1rem; color: var(--text); } .row-title span:last-child { align-self: end; }
.line { fill: none; stroke: var(--accent); stroke-width: 1.75; vector-effect: non-scaling-stroke; }
.band { fill: var(--accent); fill-opacity: .25; }
.level { stroke: var(--quiet); stroke-dasharray: 3 3; stroke-width: 1; vector-effect: non-scaling-stroke; }
#ends, #legend { display: flex; justify-content: space-between; font-size: .8rem; color: var(--quiet); }
#legend { gap: .5rem; justify-content: flex-start; align-items: center; margin: .5rem 0; } .ramp { width: 9rem; height: .8rem; display: inline-block; }
@media (max-width: 30rem) { main { padding: .75rem; } #chart { --gutter: 3.4rem; } }
summary { cursor: pointer; padding: .5rem 0; } summary h3 { display: inline; margin: 0; }
@media print { #explorer { break-before: page; } #readout { position: static; } }
`;
