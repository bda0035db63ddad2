import { Page } from '../../components/Page.tsx';

export function SignInPage() {
  return <Page title="Sign in">{null}</Page>;
}
