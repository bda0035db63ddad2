import { WebhooksList } from '../../webhooks/WebhooksList.tsx';
import type { TabProps } from './tab.ts';

/** The webhooks that receive this organization's alerts. */
export function WebhooksTab({ organization }: TabProps) {
  return <WebhooksList organizationId={organization.id} />;
}
