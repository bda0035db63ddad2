import { Anchor, Text } from '@mantine/core';
import { verdictOf } from '../../../api/session.tsx';
import { PageLink } from '../../../components/PageLink.tsx';
import { links } from '../../../links.ts';
import { TokenAccountsList } from '../../service-accounts/TokenAccountsList.tsx';
import { words } from '../words.ts';
import type { TabProps } from './tab.ts';

/** The service accounts that call the admin API for this organization, and the way to the identity of its workloads. */
export function ServiceAccountsTab({ organization }: TabProps) {
  return (
    <>
      {verdictOf('trust.manage', organization).allowed && (
        <Text fz="sm" c="dimmed" mb="sm">
          {words.workloadsNeedNoKeys}{' '}
          <Anchor component={PageLink} at={links.workloads(organization.id)} inherit>
            {words.workloadIdentity}
          </Anchor>
        </Text>
      )}
      <TokenAccountsList organizationId={organization.id} />
    </>
  );
}
