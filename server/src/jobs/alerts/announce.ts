/** Stores an event and its deliveries in the transaction of the finding, so that each event is announced exactly once. */
import type { AlertType } from '../../domain/tenancy/alert.ts';
import { type NewAlertEvent, raise } from '../../store/alerts/alert-events.ts';
import type { Database } from '../../store/database.ts';

/** Queues deliveries, in the transaction that made them. */
export type Enqueue = (tx: Database, deliveryIds: readonly string[]) => Promise<void>;

export interface Announcer {
  /**
   * Stores an event in the caller's transaction; its deliveries start when that commits. `to`: the receivers that a rule names,
   * beside the webhooks that subscribe to the type.
   */
  announce(tx: Database, event: NewAlertEvent & { readonly type: AlertType }, to?: RuleReceivers): Promise<void>;
}

/** The receivers that an alert rule names. */
export interface RuleReceivers {
  readonly mail: boolean;
  readonly webhookIds: readonly string[];
}

/** The event types that are mailed unless a rule decides: budgets, and the platform's urgent ones. */
const MAILED: ReadonlySet<AlertType> = new Set(['budget.threshold', 'credential.failing', 'ledger.drift']);

export function createAnnouncer({ enqueue, mails }: { readonly enqueue: Enqueue; readonly mails: boolean }): Announcer {
  return {
    announce: async (tx, event, to) => {
      const people = mails && (to?.mail ?? MAILED.has(event.type));
      const deliveries = await raise(tx, event, { people, webhookIds: to?.webhookIds ?? [] });
      if (deliveries.length > 0) await enqueue(tx, deliveries);
    },
  };
}
