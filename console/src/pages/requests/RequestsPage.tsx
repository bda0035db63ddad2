import { Page } from '../../components/Page.tsx';

export function RequestsPage() {
  return <Page title="Requests">{null}</Page>;
}
