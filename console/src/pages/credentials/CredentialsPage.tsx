import { Page } from '../../components/Page.tsx';

export function CredentialsPage() {
  return <Page title="Credentials">{null}</Page>;
}
