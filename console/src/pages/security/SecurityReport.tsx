import { Button, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { useCan, type Verdict } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { type Export, ExportMenu } from '../../components/list/ExportMenu.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { PATHS } from '../../paths.ts';
import { FindingSection } from './FindingSection.tsx';
import { FindingList, UNUSED_DAYS } from './finding-lists.tsx';
import { FINDINGS, type FindingName } from './findings.ts';
import { words } from './words.ts';

/** The value of `show` in the address when every list is closed. */
const CLOSED = 'none';

/**
 * Lists security findings for the people responsible for an organization. One list is open at a time, by default the first that
 * is not empty.
 */
export function SecurityReport({ organizationId }: { organizationId: string }) {
  const [state, set] = useUrlState();
  const summary = useQuery({
    queryKey: ['security', organizationId],
    queryFn: () => asked(api.GET('/organizations/{id}/security', { params: { path: { id: organizationId } } })),
  });
  return (
    <Asked query={summary} shape="rows">
      {(counts) => {
        const open = state.show ?? FINDINGS.find(({ count }) => count(counts) !== 0)?.name;
        return (
          <Stack gap="xl">
            {FINDINGS.map((finding) => (
              <FindingSection
                key={finding.name}
                finding={finding}
                count={finding.count(counts)}
                isOpen={open === finding.name}
                onToggle={() => set({ show: open === finding.name ? CLOSED : finding.name })}
                actions={<Actions of={finding.name} organizationId={organizationId} />}
              >
                <FindingList of={finding.name} organizationId={organizationId} />
              </FindingSection>
            ))}
          </Stack>
        );
      }}
    </Asked>
  );
}

function Actions({ of: name, organizationId }: { of: FindingName; organizationId: string }) {
  const mayTokens = useCan('admin_tokens.manage', organizationId);
  const mayPlatform = useCan('platform.read');
  const members = `${PATHS.organization.replace('$organizationId', organizationId)}`;
  switch (name) {
    case 'vouched_for':
    case 'password_only':
      return (
        <>
          <ExportMenu exports={[personExport(name, organizationId)]} />
          <Mend to={members} search={{ tab: 'members' }} label={words.openMembers} />
        </>
      );
    case 'unowned_tokens':
      return (
        <Mend verdict={mayTokens} to={PATHS.settings} search={{ tab: 'tokens', unowned: 'true' }} label={words.openAdminTokens} />
      );
    case 'plain_targets':
      return <Mend verdict={mayPlatform} to={PATHS.credentials} search={{}} label={words.openCredentials} />;
    case 'unused_keys':
      return (
        <>
          <ExportMenu exports={[keyExport(organizationId)]} />
          <Mend
            to={PATHS.keys}
            search={{ organization_id: organizationId, unused_days: String(UNUSED_DAYS) }}
            label={words.openInApiKeys}
          />
        </>
      );
  }
}

interface MendProps {
  readonly to: string;
  readonly search: Readonly<Record<string, string>>;
  readonly label: string;
  readonly verdict?: Verdict;
}

/** A link to where a finding can be fixed. Without the permission it is disabled, with the reason. */
function Mend({ to, search, label, verdict }: MendProps) {
  if (verdict?.allowed === false)
    return (
      <GuardedButton variant="default" verdict={verdict}>
        {label}
      </GuardedButton>
    );
  return (
    <Button variant="default" component={PageLink} at={{ to, search }}>
      {label}
    </Button>
  );
}

function personExport(finding: 'vouched_for' | 'password_only', organizationId: string): Export {
  const path = `/organizations/${organizationId}/security/members/export?finding=${finding}`;
  return { label: words.peopleAsCsv, path, what: finding.replace('_', '-'), ending: 'csv' };
}

function keyExport(organizationId: string): Export {
  const path = `/keys/export?organization_id=${organizationId}&unused_days=${UNUSED_DAYS}`;
  return { label: words.keysAsCsv, path, what: 'unused-keys', ending: 'csv' };
}
