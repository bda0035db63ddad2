import { Page } from '../../components/Page.tsx';

export function AccessGroupsPage() {
  return <Page title="Access groups">{null}</Page>;
}
