import { OwnProviders } from '../../own-providers/OwnProviders.tsx';
import type { TabProps } from './tab.ts';

/** The providers that this organization brings itself. */
export function ProvidersTab({ organization }: TabProps) {
  return <OwnProviders organizationId={organization.id} />;
}
