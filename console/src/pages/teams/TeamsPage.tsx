import { Page } from '../../components/Page.tsx';

export function TeamsPage() {
  return <Page title="Teams">{null}</Page>;
}
