/**
 * The reasons for charging an attempt an estimate. `no_usage`: its complete answer reported none. `implausible`: the reported
 * numbers are impossible. `broken`: the answer broke off. `timeout`: the request was sent in full and never answered. `hang_up`:
 * its client left before the usage arrived. `drain`: the process ended first. `crash`: the process died, and the next start
 * settled it.
 */
export const ESTIMATE_REASONS = ['no_usage', 'implausible', 'broken', 'timeout', 'hang_up', 'drain', 'crash'] as const;
export type EstimateReason = (typeof ESTIMATE_REASONS)[number];
