import { Page } from '../../components/Page.tsx';

export function PlaygroundPage() {
  return <Page title="Playground">{null}</Page>;
}
