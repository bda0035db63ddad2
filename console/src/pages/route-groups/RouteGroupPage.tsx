import { Page } from '../../components/Page.tsx';

export function RouteGroupPage() {
  return <Page title="Route group">{null}</Page>;
}
