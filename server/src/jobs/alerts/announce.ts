/** An event and its deliveries are one transaction with what found it out: told exactly as often as it happened. */
import { type AlertType, ORGANIZATION_ALERT_TYPES } from '../../domain/tenancy/alert.ts';
import { type NewAlertEvent, raise } from '../../store/alerts/alert-events.ts';
import type { Database } from '../../store/database.ts';

/** Puts deliveries in line, in the transaction that made them. */
export type Enqueue = (tx: Database, deliveryIds: readonly string[]) => Promise<void>;

export interface Announcer {
  /** Inside a transaction; the event is out when that commits. */
  announce(tx: Database, event: NewAlertEvent & { readonly type: AlertType }): Promise<void>;
}

/** What is worth a mail to the platform's admins; owners are mailed whatever happens in their organization. */
const MAILED: ReadonlySet<AlertType> = new Set([...ORGANIZATION_ALERT_TYPES, 'credential.failing', 'ledger.drift']);

export function createAnnouncer({ enqueue, mails }: { readonly enqueue: Enqueue; readonly mails: boolean }): Announcer {
  return {
    announce: async (tx, event) => {
      const deliveries = await raise(tx, event, { people: mails && MAILED.has(event.type) });
      if (deliveries.length > 0) await enqueue(tx, deliveries);
    },
  };
}
