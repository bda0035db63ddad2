import { Page } from '../../components/Page.tsx';

export function AccessGroupPage() {
  return <Page title="Access group">{null}</Page>;
}
