import { Page } from '../../components/Page.tsx';

export function AuditPage() {
  return <Page title="Audit log">{null}</Page>;
}
