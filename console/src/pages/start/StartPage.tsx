import { Page } from '../../components/Page.tsx';

export function StartPage() {
  return <Page title="First steps">{null}</Page>;
}
