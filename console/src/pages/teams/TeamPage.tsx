import { Page } from '../../components/Page.tsx';

export function TeamPage() {
  return <Page title="Team">{null}</Page>;
}
