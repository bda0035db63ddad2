import { Page } from '../../components/Page.tsx';

export function RouteGroupsPage() {
  return <Page title="Route groups">{null}</Page>;
}
