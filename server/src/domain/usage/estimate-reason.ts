/**
 * Why an attempt was charged an estimate. `no_usage`: its answer came to its end and reported none. `implausible`: what it reported cannot
 * be. `broken`: the answer broke off. `timeout`: it was sent in full and never answered. `hang_up`: its client left before the usage came.
 * `drain`: the process ended first. `crash`: the process died, and the next start settled it.
 */
export const ESTIMATE_REASONS = ['no_usage', 'implausible', 'broken', 'timeout', 'hang_up', 'drain', 'crash'] as const;
export type EstimateReason = (typeof ESTIMATE_REASONS)[number];
