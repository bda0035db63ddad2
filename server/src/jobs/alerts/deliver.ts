/**
 * One attempt at one delivery. Our own table holds its content and state; the queue only says when to try. A receiver gets an
 * event twice only if this process ends between the receiver's answer and our record of it. The `webhook-id` is then the same.
 */
import { webhookBody } from '../../domain/alerts/alert-message.ts';
import { letterOf } from '../../domain/alerts/alert-words.ts';
import { renderLetter } from '../../identity/mail/letter.ts';
import type { Mailer } from '../../identity/mail/mailer.ts';
import { open, UnsealFailure } from '../../lib/secrets.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import { signatureHeaders } from '../../lib/webhook-signature.ts';
import * as deliveries from '../../store/alerts/alert-deliveries.ts';
import { isStillTold } from '../../store/alerts/alert-events.ts';
import * as webhooks from '../../store/alerts/webhooks.ts';
import type { Database } from '../../store/database.ts';

/** Posts to an address that the policy allows. Never rejects and takes a bounded time. */
export type PostWebhook = (message: {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}) => Promise<{ readonly is: 'answered'; readonly status: number } | { readonly is: 'failed'; readonly reason: string }>;

export interface DeliverOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly post: PostWebhook;
  readonly mailer: Mailer;
  /** The credentials data key, which seals webhooks' secrets. */
  readonly key: Buffer;
  /** The base of links in mail; null: mail has no link. */
  readonly publicUrl: string | null;
}

/** The delivery failed and will be retried. */
class NotDelivered extends Error {}

type Outcome = Omit<deliveries.Attempted, 'at'>;

/** Makes one attempt. Throws NotDelivered if another is due. Ignores a delivery that is no longer pending. */
export async function deliver(options: DeliverOptions, deliveryId: string): Promise<void> {
  const { db, clock } = options;
  const found = await deliveries.find(db, deliveryId);
  if (found === null || found.delivery.status !== 'pending') return;
  const { delivery, webhook } = found;
  if (webhook !== null && webhook.status !== 'active')
    return deliveries.giveUp(db, deliveryId, 'the webhook is disabled', new Date(clock.nowMs()));
  if (webhook === null && !(await isStillTold(db, found.event, delivery.email as string)))
    return deliveries.giveUp(db, deliveryId, NO_LONGER_TOLD, new Date(clock.nowMs()));
  const outcome = await (webhook === null ? mail(options, found) : post(options, found, webhook)).catch(failed);
  const at = new Date(clock.nowMs());
  const isOver = outcome.status === 'pending' && at >= delivery.giveUpAt;
  await deliveries.recordAttempt(db, deliveryId, { ...outcome, status: isOver ? 'lost' : outcome.status, at });
  if (outcome.httpStatus === GONE && webhook !== null) await webhooks.update(db, webhook.id, { status: 'disabled' }, at);
  if (outcome.status === 'pending' && !isOver)
    throw new NotDelivered(outcome.problem ?? 'the delivery failed for an unknown reason');
}

const NO_LONGER_TOLD = 'the person is no longer active in the role that gets these mails, or has another address';

/** An attempt that a bug ended is one that failed. Otherwise its delivery would be retried for ever and never be lost. */
function failed(): Outcome {
  return { status: 'pending', httpStatus: null, problem: 'the gateway could not send it because of a bug' };
}

const UNSEALED: Outcome = {
  status: 'lost',
  httpStatus: null,
  problem: 'the stored secret cannot be opened, so the event cannot be signed: create a new secret, then send it again',
};

/** The status by which a receiver unsubscribes, by the Standard Webhooks specification. */
const GONE = 410;

async function post(
  { clock, post, key, publicUrl }: DeliverOptions,
  { event }: deliveries.Delivery,
  webhook: webhooks.WebhookRow,
): Promise<Outcome> {
  const nowMs = clock.nowMs();
  const body = webhookBody(webhook.format, event, publicUrl);
  const secrets = secretsOf(webhook, key, nowMs);
  if (secrets === null) return UNSEALED;
  const headers = signatureHeaders(secrets, { id: event.id, sentAtMs: nowMs, body });
  const answer = await post({ url: webhook.url, headers: { ...headers, 'content-type': 'application/json' }, body });
  if (answer.is === 'failed') return { status: 'pending', httpStatus: null, problem: answer.reason };
  const { status } = answer;
  if (status >= 200 && status < 300) return { status: 'delivered', httpStatus: status, problem: null };
  return { status: status === GONE ? 'lost' : 'pending', httpStatus: status, problem: `the receiver answered ${status}` };
}

/**
 * Returns the current secret, and the previous one while a rotation overlaps if it can be opened. Null if the current one cannot
 * be opened, as after the loss of the master key.
 */
function secretsOf(webhook: webhooks.WebhookRow, key: Buffer, nowMs: number): readonly string[] | null {
  const isOld = webhook.oldSealed !== null && webhook.oldUntil !== null && webhook.oldUntil.getTime() > nowMs;
  const current = opened(webhook.sealed);
  if (current === null) return null;
  const old = isOld ? opened(webhook.oldSealed as Buffer) : null;
  return old === null ? [current] : [current, old];

  function opened(sealed: Buffer): string | null {
    try {
      return open(key, sealed, webhook.id).toString();
    } catch (error) {
      if (error instanceof UnsealFailure) return null;
      throw error;
    }
  }
}

async function mail({ mailer, publicUrl }: DeliverOptions, { delivery, event }: deliveries.Delivery): Promise<Outcome> {
  const sent = await mailer.send(renderLetter({ to: delivery.email as string, ...letterOf(event, publicUrl) }));
  if (sent.is === 'sent') return { status: 'delivered', httpStatus: null, problem: null };
  return { status: 'pending', httpStatus: null, problem: sent.reason };
}
