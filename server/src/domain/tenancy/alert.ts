/** The alert types that a webhook can subscribe to. */
export const ALERT_TYPES = [
  'budget.threshold', // settled spend passed a threshold of a budget
  'credential.failing', // a provider refuses a credential that it took before
  'credential.recovered',
  'ledger.drift', // counters or rollups did not agree with the ledger, and were corrected
  'prices.changed', // published list prices differ from those deployments took from them
  'rule.firing', // the figure of an alert rule passed its threshold
  'rule.recovered', // it was below the threshold for the rule's quiet time
] as const;
export type AlertType = (typeof ALERT_TYPES)[number];

/** The alert types that an organization can have. All others are only the platform's. */
export const ORGANIZATION_ALERT_TYPES = [
  'budget.threshold',
  'rule.firing',
  'rule.recovered',
] as const satisfies readonly AlertType[];

/** An alert that a person sends to test a webhook. No webhook subscribes to it. */
export const TEST_ALERT = 'webhook.test';

/** An alert that a person sends to test a rule. No webhook subscribes to it. */
export const TEST_RULE_ALERT = 'rule.test';

/** The time in milliseconds for which a failing delivery is retried. */
export const DELIVERY_MS_MAX = 86_400_000;
