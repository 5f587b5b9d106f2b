/** The style of a report: light and dark as the reader's system is set, one column on a phone. */
export const STYLE = `
:root { color-scheme: light dark; --back: #fff; --card: #f5f6f8; --text: #1f2328; --quiet: #59636e; --line: #dde2e7;
  --accent: #0068a3; --mask: #e4e7ea; --hatch: #a9b1ba; --cursor-colour: #c24e00; --chosen: #0072b2;
  --error: #b3261e; --warning: #8a5000; }
@media (prefers-color-scheme: dark) { :root { --back: #14171a; --card: #1f2429; --text: #e6edf3; --quiet: #9aa4af;
  --line: #333a41; --accent: #6cc0f0; --mask: #2b3036; --hatch: #5c6670; --cursor-colour: #e69f00; --chosen: #56b4e9;
  --error: #ff8b80; --warning: #f0b860; } }
* { box-sizing: border-box; }
.patterns { position: absolute; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 86rem; margin: 0 auto; padding: .75rem 1.25rem 3rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; }
h1 { font-size: 1.25rem; line-height: 1.3; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
h3 { font-size: .95rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .35rem 0; } header p { color: var(--quiet); }
.quiet, figcaption { color: var(--quiet); font-size: .8125rem; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; }
th, td { text-align: left; padding: .2rem .9rem .2rem 0; vertical-align: top; font-weight: 400; }
thead th { color: var(--quiet); } td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }

.controls { display: flex; flex-wrap: wrap; gap: .35rem .9rem; align-items: end; margin: .5rem 0 .6rem; }
.controls > div { flex: 1 1 8rem; max-width: 15rem; min-width: 0; }
.controls label { font-size: .75rem; color: var(--quiet); }
.controls .switches { flex: 0 1 auto; max-width: none; display: flex; gap: .25rem .9rem; flex-wrap: wrap; }
.switches label { display: inline-flex; gap: .3rem; align-items: center; min-height: 2rem; color: var(--text); font-size: .8125rem; }
select { width: 100%; font: inherit; font-size: .875rem; min-height: 2rem; margin: 0; background: var(--back); color: var(--text);
  border: 1px solid var(--line); border-radius: .25rem; padding: .1rem .3rem; }
button { font: inherit; font-size: .8125rem; color: var(--accent); background: none; border: 0; padding: .1rem .2rem; cursor: pointer; border-radius: .2rem; }
button:hover { text-decoration: underline; }
.what { color: var(--quiet); border: 1px solid var(--line); border-radius: 50%; width: 1.15rem; height: 1.15rem; padding: 0; margin-left: .25rem;
  font-size: .7rem; line-height: 1; vertical-align: .05em; }
.word { max-width: 26rem; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--back); color: var(--text); }
.word::backdrop { background: #0003; } .word h3 { margin-bottom: .25rem; }

.columns-of-page { display: grid; grid-template-columns: minmax(0, 1fr) 23rem; gap: 0 1.75rem; align-items: start; }
#pictures { --gutter: 3.75rem; position: sticky; top: 0; }
#losses svg { height: 1.6rem !important; cursor: crosshair; touch-action: pan-y; } .loss-bars { fill: var(--quiet); } #losses b { font-size: .72rem; padding: 0; }
#text { font-size: .95rem; line-height: 1.55; white-space: pre-wrap; margin: 0 0 .5rem var(--gutter); max-height: 9.4em; overflow: auto; cursor: pointer;
  touch-action: pan-y; user-select: none; -webkit-user-select: none; }
#text span { padding: .12em 0; } #text [aria-selected=true] { box-shadow: inset 0 -3px var(--cursor-colour); } #text .cursor { outline: 2px solid var(--cursor-colour); outline-offset: -1px; }
#text .hovered { text-decoration: underline; text-decoration-thickness: 2px; }
.masked-token { color: var(--quiet); text-decoration: line-through; }
.layer-map, #timeline, #series, #losses { display: grid; grid-template-columns: var(--gutter) minmax(0, 1fr); position: relative; }
.layer-map { margin-bottom: .25rem; }
.layer-map::after, #timeline::after, #losses:not(:empty)::after, #series:not(:empty)::after, .layer-map::before, #timeline::before, #losses:not(:empty)::before, #series:not(:empty)::before {
  content: ''; position: absolute; top: 0; bottom: 0; width: 2px; margin-left: -1px; pointer-events: none; background: var(--cursor-colour); z-index: 1;
  left: calc(var(--gutter) + (100% - var(--gutter)) * var(--cursor, 0)); }
.layer-map::before, #timeline::before, #losses:not(:empty)::before, #series:not(:empty)::before { opacity: .35;
  left: calc(var(--gutter) + (100% - var(--gutter)) * var(--hover, 0)); }
.map-title { text-align: left; justify-self: start; }
.columns { position: relative; height: 1.05rem; font: .64rem/1.05rem ui-monospace, monospace; color: var(--quiet); overflow: clip; overflow-clip-margin: .5rem; }
.columns span { position: absolute; transform: translateX(-50%); white-space: pre; }
.rows { position: relative; font-size: .68rem; color: var(--quiet); }
.rows span { position: absolute; right: .35rem; transform: translateY(-50%); line-height: 1; font-variant-numeric: tabular-nums; }
.map { position: relative; height: clamp(7rem, calc(var(--rows, 16) * 8px), 15rem); }
.heatmap { width: 100%; height: 100%; display: block; image-rendering: pixelated; cursor: crosshair; touch-action: pan-y; }
.overlay { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; overflow: visible; }
.masked { fill: url(#hatched); } .masked-row { fill: var(--mask); } .hatching { stroke: var(--hatch); stroke-width: 1.5; } .hatching-back { fill: var(--mask); }
.chosen-row, .pinned-row, .hovered-row { fill: none; stroke-width: 2; } .chosen-row { stroke: var(--cursor-colour); } .hovered-row { stroke: var(--text); stroke-width: 1; }
.span { fill: none; stroke: var(--cursor-colour); stroke-width: 2; }
#legend { display: flex; flex-wrap: wrap; gap: 0 .4rem; align-items: center; margin: .2rem 0 .1rem var(--gutter); font-size: .75rem; color: var(--quiet); font-variant-numeric: tabular-nums; }
.ramp { width: 7rem; height: .6rem; display: inline-block; }
.pin-row { margin: .1rem 0 .2rem var(--gutter); display: flex; flex-wrap: wrap; gap: 0 .75rem; } #pins { display: contents; } .pin { white-space: nowrap; }
.swatch { display: inline-block; width: .6rem; height: .6rem; margin-right: .35rem; border-radius: 50%; }
#timeline { row-gap: 3px; cursor: crosshair; touch-action: pan-y; }
#timeline svg, #losses svg, #series svg, #series canvas { width: 100%; height: 2.3rem; display: block; border-bottom: 1px solid var(--line); }
#series svg, #series canvas { height: 3.5rem; touch-action: pan-y; cursor: crosshair; } #series { margin-bottom: .4rem; }
.row-title { display: grid; grid-template: 1fr 1fr / 1fr auto; padding-right: .35rem; font-size: .65rem; line-height: 1; color: var(--quiet); text-align: right; }
.row-title button, .row-title b { grid-area: 1 / 1 / 3 / 2; align-self: center; justify-self: start; text-align: left; font-size: .95rem; font-weight: 400; color: var(--text); padding: 0 .3rem; }
.row-title button { min-width: 1.5rem; min-height: 1.5rem; }
.row-title button[aria-pressed=true] { font-weight: 700; color: var(--accent); } .row-title span { grid-area: 1 / 1 / 2 / 3; pointer-events: none; } .row-title span:last-child { grid-row: 2; align-self: end; }
.line { fill: none; stroke-width: 1.25; vector-effect: non-scaling-stroke; } .line.chosen { stroke-width: 1.9; } .band { fill-opacity: .2; }
.level { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; }

#readout { background: var(--back); }
#place { font-weight: 600; display: block; margin-bottom: .15rem; } #numbers { width: 100%; font-variant-numeric: tabular-nums; font-size: .8125rem; }
#numbers th, #numbers td { padding: .1rem 0 .1rem .25rem; text-align: right; white-space: nowrap; } #numbers th[scope=row] { text-align: left; padding-left: 0; }
#numbers th[scope=col] { color: var(--quiet); } #numbers small { color: var(--quiet); display: block; max-width: 5rem; font-size: .65rem; line-height: 1.1; overflow: hidden; text-overflow: ellipsis; vertical-align: bottom; }
.save { margin-left: auto; color: var(--quiet); font-size: .8125rem; } input[type=number] { width: 4.5rem; font: inherit; font-size: .875rem; color: var(--text); background: var(--back); border: 1px solid var(--line); border-radius: .25rem; padding: .1rem .3rem; }
.tool { font-size: .875rem; margin: .6rem 0; } .tool > summary { font-weight: 600; font-size: 1rem; } .tool ol { margin: 0; padding-left: 1.5rem; } .tool a { white-space: pre-wrap; } .tool select { width: auto; min-height: 1.7rem; } .tool pre { font-size: .75rem; white-space: pre-wrap; margin: 0; }
.prediction-title { font-size: .8125rem; font-weight: 600; margin: .5rem 0 .1rem; } .prediction { font-size: .8125rem; width: 100%; } .prediction th, .prediction td { padding: .05rem .5rem .05rem 0; white-space: nowrap; }
.prediction th { min-width: 2rem; } .bar-cell { width: 50%; } .bar { display: block; height: .55rem; margin-top: .35rem; background: var(--hatch); } .target { font-weight: 600; } .target .bar { background: var(--chosen); } .target th { font-weight: 600; }
.outputs-part { font-size: .875rem; } .hardest { margin: 0; padding-left: 1.4rem; } .hardest a { white-space: pre; }
.findings { list-style: none; padding: 0; margin: .25rem 0; font-size: .875rem; }
.findings li { margin: .3rem 0; overflow-wrap: anywhere; } .findings details { display: inline; } .findings details[open] { display: block; }
.findings summary { display: inline; color: var(--accent); font-size: .8125rem; } .findings details p { margin: .25rem 0 .25rem .75rem; }
.severity { font-weight: 600; } .error .severity { color: var(--error); } .warning .severity { color: var(--warning); }
summary { cursor: pointer; } .notes > summary { color: var(--quiet); font-size: .875rem; padding: .2rem 0; }
.layer { border-top: 1px solid var(--line); padding: .2rem 0; } .layer summary { padding: .35rem 0; } .layer summary h3 { display: inline; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(13rem, 45%), 1fr)); gap: 1rem; margin: .75rem 0; }
figure { margin: 0; } figure svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--quiet); font: 13px system-ui, sans-serif; } svg .frame { fill: none; stroke: var(--line); }
svg .dots { fill: none; stroke: var(--chosen); stroke-opacity: .6; stroke-width: 8; stroke-linecap: round; } svg .near { fill: var(--cursor-colour); pointer-events: none; } svg .bar { fill: var(--chosen); }
svg .guide { stroke: var(--quiet); stroke-dasharray: 4 3; fill: none; } svg .diagonal { stroke: var(--line); }
svg .curve { fill: none; stroke: var(--chosen); stroke-width: 2; } svg .second { stroke: var(--cursor-colour); stroke-dasharray: 6 3; }
svg .key-first { fill: var(--chosen); } svg .key-second { fill: var(--cursor-colour); }
@media (min-width: 75rem) { #maps.alongside { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 0 1rem; } }
@media (max-width: 60rem) {
  main { padding: .75rem .9rem 3rem; }
  .columns-of-page, .beside { display: contents; } #explorer { display: flex; flex-direction: column; }
  #pictures { position: static; --gutter: 3.4rem; order: 1; } .tools { order: 3; } .outputs-part { order: 4; } .findings-part { order: 5; } #predictions { display: flex; flex-wrap: wrap; gap: 0 .5rem; align-items: baseline; } .prediction { width: auto; } .prediction tr:nth-child(n+3):not(.target) { display: none; }
  #readout { order: 2; position: sticky; bottom: 0; z-index: 2; padding: .4rem 0; border-top: 1px solid var(--line); }
  #text { max-height: 7em; } .controls > div, .controls .switches { flex: 1 1 40%; max-width: none; } .switches label { min-height: 1.25rem !important; } select { min-height: 2.5rem; font-size: 1rem; }
  .switches label { min-height: 2.5rem; } .map { height: clamp(7rem, calc(var(--rows, 16) * 8px), 12rem); } button { min-height: 1.5rem; min-width: 1.5rem; }
  .what { width: 1.5rem; height: 1.5rem; }
}
@media print { #pictures, #readout { position: static; } }
`;
