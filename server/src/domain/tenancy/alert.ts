/** What somebody may ask to be told of. */
export const ALERT_TYPES = [
  'budget.threshold', // settled spend passed a threshold of a budget
  'credential.failing', // a provider refuses a credential that it took before
  'credential.recovered',
  'ledger.drift', // counters or rollups did not agree with the ledger, and were corrected
  'prices.changed', // published list prices differ from those deployments took from them
] as const;
export type AlertType = (typeof ALERT_TYPES)[number];

/** What happens inside one organization; all else is the platform's. */
export const ORGANIZATION_ALERT_TYPES = ['budget.threshold'] as const satisfies readonly AlertType[];

/** Sent by a person to see whether a webhook arrives. Nobody subscribes to it. */
export const TEST_ALERT = 'webhook.test';

/** How long a failing delivery is tried before it is given up. */
export const DELIVERY_MS_MAX = 86_400_000;
