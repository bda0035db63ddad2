import { chatTextOf, letterOf, type WordedEvent } from './alert-words.ts';

export const WEBHOOK_FORMATS = ['standard', 'slack'] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

/** Returns the body of a webhook: the event as JSON, or a text for people in the form of Slack's incoming webhooks. */
export function webhookBody(
  format: WebhookFormat,
  event: WordedEvent & { readonly occurredAt: Date },
  publicUrl: string | null,
): string {
  if (format === 'slack') return JSON.stringify({ text: chatTextOf(event, publicUrl) });
  return JSON.stringify({ type: event.type, timestamp: event.occurredAt.toISOString(), data: event.data });
}

/** Returns a mail as plain text, as people see it in a list of what was sent. */
export function mailText(event: WordedEvent, publicUrl: string | null): string {
  const { subject, paragraphs, link, closing } = letterOf(event, publicUrl);
  return [subject, ...paragraphs, ...(link === null ? [] : [link.url]), ...closing].join('\n\n');
}
