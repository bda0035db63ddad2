import { Alert, Stack, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { api, asked } from '../../api/client.ts';
import { type Organization, organizationQuery } from '../../api/organizations.ts';
import { useBaseUrl } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { useTab } from '../../components/fields/useTab.ts';
import { Page } from '../../components/shell/Page.tsx';
import { TabStrip } from '../../components/shell/TabStrip.tsx';
import { PATHS } from '../../paths.ts';
import { IssuersList } from './IssuersList.tsx';
import { RulesList } from './RulesList.tsx';
import { TokenCheck } from './TokenCheck.tsx';
import { words } from './words.ts';

const TABS = [
  { value: 'rules', label: words.rules, content: RulesList },
  { value: 'issuers', label: words.issuers, content: IssuersList },
  { value: 'check', label: words.checkAToken, content: TokenCheck },
] as const;

/** Workload identity of an organization: the issuers it trusts, the rules by which their tokens get keys, and a check of tokens. */
export function WorkloadsPage() {
  const { organizationId = '' } = useParams({ strict: false }) as { organizationId?: string };
  const query = useQuery(organizationQuery(organizationId));
  return (
    <Asked shape="page" query={query}>
      {(organization) => <Shown organization={organization} />}
    </Asked>
  );
}

function Shown({ organization }: { organization: Organization }) {
  const [tab, choose] = useTab(TABS);
  const crumbs = [
    { label: words.organizations, to: PATHS.organizations },
    { label: organization.name, to: PATHS.organization.replace('$organizationId', encodeURIComponent(organization.id)) },
  ];
  if (!organization.capabilities.includes('trust.manage'))
    return (
      <Page title={words.workloadIdentity} crumbs={crumbs}>
        <Alert color="yellow" role="note">
          {words.needsTrust}
        </Alert>
      </Page>
    );
  return (
    <Page title={words.workloadIdentity} crumbs={crumbs} about={<About organization={organization} />}>
      <Tabs value={tab} keepMounted={false} onChange={choose}>
        <TabStrip tabs={TABS} value={tab} />
        {TABS.map(({ value, content: Content }) => (
          <Tabs.Panel key={value} value={value}>
            <Content organizationId={organization.id} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}

function About({ organization: { id, slug } }: { organization: Organization }) {
  const audience = `${useBaseUrl()}/trust/${slug}`;
  const issuers = useQuery({
    queryKey: ['trusted-issuers', id, 'audience'],
    queryFn: () => asked(api.GET('/organizations/{id}/trusted-issuers', { params: { path: { id }, query: { limit: 1 } } })),
  });
  const isUnset = issuers.data?.data[0]?.audience === null;
  return (
    <Stack gap={2}>
      <Text fz="sm" inherit>
        {words.workloadsMean}
      </Text>
      {isUnset ? (
        <Alert color="yellow" p="xs" mt={4} role="note">
          {words.setPublicUrl}
        </Alert>
      ) : (
        <Text fz="sm" inherit component="div">
          {words.audience} <CopyText text={audience} label={words.theAudience} />
        </Text>
      )}
    </Stack>
  );
}
