import { Page } from '../../components/Page.tsx';

export function FirstAdminPage() {
  return <Page title="Create the first admin">{null}</Page>;
}
