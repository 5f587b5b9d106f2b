/**
 * Pictures as Vega-Lite specifications, their rendering, and the inspection report.
 *
 * @module explicit-lstm/plot
 */

export type { WeightName } from '../core/weights.js';
export { type GradientFlowPlotOptions, gradientFlowPlot } from './gradients/gradient-flow-plot.js';
export { gradientHistogram } from './gradients/gradient-histogram.js';
export { type InputSensitivityPlotOptions, inputSensitivityPlot } from './gradients/input-sensitivity-plot.js';
export { trainingHistoryPlot } from './history/training-history-plot.js';
export { type DisplayedPlot, type ShowOptions, show } from './rendering/show.js';
export { type PngOptions, toPng } from './rendering/to-png.js';
export { toSvg } from './rendering/to-svg.js';
export { type InspectionReportOptions, inspectionReport } from './report/inspection-report.js';
export type { Theme } from './rows/colours.js';
export type { TimeLabels } from './rows/time-labels.js';
export type { UnitSorting } from './rows/unit-order.js';
export type { PlotOptions, TimePlotOptions } from './specification/plot-options.js';
export type { VegaLiteSpec } from './specification/specification.js';
export { comparisonPlot } from './statistics/comparison-plot.js';
export { type MemoryHorizonPlotOptions, memoryHorizonPlot } from './statistics/memory-horizon-plot.js';
export type { StatisticsByName } from './statistics/named-statistics.js';
export { type SaturationPlotOptions, saturationPlot } from './statistics/saturation-plot.js';
export { type ActivationTextOptions, activationText } from './traces/activation-text.js';
export { type GateHeatmapOptions, gateHeatmap } from './traces/gate-heatmap.js';
export { type GateTimelineOptions, gateTimeline } from './traces/gate-timeline.js';
export type { TraceToDraw } from './traces/read-sample.js';
export { type WeightHeatmapOptions, weightHeatmap } from './weights/weight-heatmap.js';
export { weightHistogram } from './weights/weight-histogram.js';
