import { Page } from '../../components/Page.tsx';

export function UsagePage() {
  return <Page title="Usage & spend">{null}</Page>;
}
