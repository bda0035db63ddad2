import { Page } from '../../components/Page.tsx';

export function AccountPage() {
  return <Page title="Account">{null}</Page>;
}
