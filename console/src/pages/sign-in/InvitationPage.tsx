import { Page } from '../../components/Page.tsx';

export function InvitationPage() {
  return <Page title="Invitation">{null}</Page>;
}
