import { Page } from '../../components/Page.tsx';

export function KeyPage() {
  return <Page title="Key">{null}</Page>;
}
