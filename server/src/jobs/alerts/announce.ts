/** Stores an event and its deliveries in the transaction of the finding, so that each event is announced exactly once. */
import { type AlertType, ORGANIZATION_ALERT_TYPES } from '../../domain/tenancy/alert.ts';
import { type NewAlertEvent, raise } from '../../store/alerts/alert-events.ts';
import type { Database } from '../../store/database.ts';

/** Queues deliveries, in the transaction that made them. */
export type Enqueue = (tx: Database, deliveryIds: readonly string[]) => Promise<void>;

export interface Announcer {
  /** Stores an event in the caller's transaction; its deliveries start when that commits. */
  announce(tx: Database, event: NewAlertEvent & { readonly type: AlertType }): Promise<void>;
}

/** The event types that are mailed: every one of an organization, and the platform's urgent ones. */
const MAILED: ReadonlySet<AlertType> = new Set([...ORGANIZATION_ALERT_TYPES, 'credential.failing', 'ledger.drift']);

export function createAnnouncer({ enqueue, mails }: { readonly enqueue: Enqueue; readonly mails: boolean }): Announcer {
  return {
    announce: async (tx, event) => {
      const deliveries = await raise(tx, event, { people: mails && MAILED.has(event.type) });
      if (deliveries.length > 0) await enqueue(tx, deliveries);
    },
  };
}
