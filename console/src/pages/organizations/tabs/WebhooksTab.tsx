import { WebhooksList } from '../../webhooks/WebhooksList.tsx';
import type { TabProps } from './tab.ts';

/** Where this organization's alerts are sent. */
export function WebhooksTab({ organization }: TabProps) {
  return <WebhooksList organizationId={organization.id} />;
}
