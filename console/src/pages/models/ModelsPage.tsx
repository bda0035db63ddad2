import { Page } from '../../components/Page.tsx';

export function ModelsPage() {
  return <Page title="Models">{null}</Page>;
}
