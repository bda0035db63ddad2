import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import { IconArchive, IconCopyPlus, IconDots, IconPlayerPause, IconPlayerPlay, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, asked } from '../../../api/client.ts';
import type { Organization } from '../../../api/organizations.ts';
import { verdictOf } from '../../../api/session.tsx';
import { ProblemNote } from '../../../components/Asked.tsx';
import { ConfirmByName } from '../../../components/dialogs/ConfirmByName.tsx';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../../components/dialogs/saved.ts';
import { useDialog } from '../../../components/dialogs/useDialog.ts';
import { WhyNot } from '../../../components/dialogs/WhyNot.tsx';
import { PageLink } from '../../../components/PageLink.tsx';
import { links } from '../../../links.ts';
import { PATHS } from '../../../paths.ts';
import { words } from '../words.ts';
import { LifecycleDialog, refreshOrganizations } from './LifecycleDialog.tsx';

const LIFECYCLE = ['suspend', 'reactivate', 'archive'] as const;

/** The buttons that suspend, reactivate, archive or delete an organization. Only an archived one can be deleted. */
export function LifecycleActions({ organization }: { organization: Organization }) {
  const [, ask] = useDialog(LIFECYCLE);
  const [isDeleting, setDeleting] = useState(false);
  const verdict = verdictOf('organizations.lifecycle', organization);
  const isActive = organization.status === 'active';
  const isArchived = organization.status === 'archived';
  return (
    <>
      <GuardedButton
        variant="default"
        verdict={verdict}
        leftSection={isActive ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />}
        onClick={() => ask(isActive ? 'suspend' : 'reactivate')}
      >
        {isActive ? words.suspend : words.reactivate}
      </GuardedButton>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={words.moreActions}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconCopyPlus size={15} />}
            disabled={!verdictOf('organizations.create', organization).allowed}
            component={PageLink}
            at={links.organizations({ create: 'organization', like: organization.id })}
          >
            {words.makeOneLikeThis}
          </Menu.Item>
          <Tooltip label={<WhyNot verdict={verdict} inherit />} multiline maw={320} disabled={verdict.allowed} position="left">
            <div>
              <Menu.Item
                leftSection={<IconArchive size={15} />}
                disabled={!verdict.allowed || isArchived}
                onClick={() => ask('archive')}
              >
                {words.archive}
              </Menu.Item>
            </div>
          </Tooltip>
          <Tooltip
            label={verdict.allowed ? words.onlyArchivedIsDeleted : <WhyNot verdict={verdict} inherit />}
            multiline
            maw={320}
            disabled={verdict.allowed && isArchived}
            position="left"
          >
            <div>
              <Menu.Item
                color="red"
                leftSection={<IconTrash size={15} />}
                disabled={!verdict.allowed || !isArchived}
                onClick={() => setDeleting(true)}
              >
                {words.deletePermanently}
              </Menu.Item>
            </div>
          </Tooltip>
        </Menu.Dropdown>
      </Menu>
      {isDeleting && <DeleteDialog organization={organization} onClose={() => setDeleting(false)} />}
    </>
  );
}

/** The dialog that the address asks for. The page shows it once, however many of its parts have the buttons. */
export function AskedLifecycle({ organization }: { organization: Organization }) {
  const [asking, ask] = useDialog(LIFECYCLE);
  if (asking === null || !verdictOf('organizations.lifecycle', organization.capabilities).allowed) return null;
  return <LifecycleDialog organization={organization} to={asking} onClose={() => ask(null)} />;
}

/** Lists what would be deleted, as the server reports it, and requires the person to type the name. */
function DeleteDialog({ organization, onClose }: { organization: Organization; onClose: () => void }) {
  const path = { id: organization.id };
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const report = useQuery({
    queryKey: ['organization-deletion', organization.id],
    queryFn: () => asked(api.DELETE('/organizations/{id}', { params: { path, query: { dry_run: true } } })),
    gcTime: 0,
  });
  const destroy = async () => {
    await asked(api.DELETE('/organizations/{id}', { params: { path } }));
    saved(words.wasDeleted(organization.name));
    await navigate({ to: PATHS.organizations });
    queryClient.removeQueries({ queryKey: ['organization', organization.id] });
    await refreshOrganizations(queryClient);
  };
  const goes = report.data?.goes;
  return (
    <ConfirmByName
      opened
      onClose={onClose}
      title={words.deleteNamedPermanently(organization.name)}
      name={organization.name}
      verb={words.deletePermanently}
      action={destroy}
      isKnown={report.isSuccess}
      consequences={
        goes === undefined
          ? []
          : [
              words.areDeleted(goes),
              ...(goes.stored_responses === 0 ? [] : [words.responsesAreDeleted(goes.stored_responses)]),
              goes.stored_content ? words.contentIsLost : words.noContentIsStored,
              words.areKept(report.data?.stays.join(', ') ?? ''),
            ]
      }
    >
      {report.isError && <ProblemNote error={report.error} onRetry={() => void report.refetch()} />}
    </ConfirmByName>
  );
}
