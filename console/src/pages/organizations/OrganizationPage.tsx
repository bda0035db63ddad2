import { Page } from '../../components/Page.tsx';

export function OrganizationPage() {
  return <Page title="Organization">{null}</Page>;
}
