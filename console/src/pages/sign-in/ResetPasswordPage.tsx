import { Page } from '../../components/Page.tsx';

export function ResetPasswordPage() {
  return <Page title="Reset the password">{null}</Page>;
}
