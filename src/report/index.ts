/**
 * The inspection report alone, which needs no other package.
 *
 * @module explicit-lstm/report
 */

export { type InspectionReportOptions, inspectionReport } from '../plot/report/inspection-report.js';
export { type ShownReport, type ShowReportOptions, showReport } from '../plot/report/show-report.js';
