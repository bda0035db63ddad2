import { Page } from '../../components/Page.tsx';

export function DeploymentPage() {
  return <Page title="Deployment">{null}</Page>;
}
