/**
 * The inspection report, for who draws nothing else: it needs no other package.
 *
 * @module explicit-lstm/report
 */

export { type InspectionReportOptions, inspectionReport } from '../plot/report/inspection-report.js';
