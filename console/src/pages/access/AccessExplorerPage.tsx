import { Page } from '../../components/Page.tsx';

export function AccessExplorerPage() {
  return <Page title="Access explorer">{null}</Page>;
}
