import { Page } from '../../components/Page.tsx';

export function ProfilePage() {
  return <Page title="Profile and security">{null}</Page>;
}
