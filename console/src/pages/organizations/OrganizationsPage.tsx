import { Page } from '../../components/Page.tsx';

export function OrganizationsPage() {
  return <Page title="Organizations">{null}</Page>;
}
