import { Page } from '../../components/Page.tsx';

export function KeysPage() {
  return <Page title="API keys">{null}</Page>;
}
