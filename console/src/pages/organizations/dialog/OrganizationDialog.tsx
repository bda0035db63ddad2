import { Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { type Organization, readOrganization } from '../../../api/organizations.ts';
import { Asked } from '../../../components/Asked.tsx';
import { OpenAt } from '../../../components/dialogs/OpenAt.tsx';
import { saved } from '../../../components/dialogs/saved.ts';
import { mayClose, useUnsavedGuard } from '../../../components/dialogs/useUnsavedGuard.ts';
import { OrganizationForm } from './OrganizationForm.tsx';
import type { ReadVersion } from './useOrganizationForm.ts';

interface OrganizationDialogProps {
  readonly opened: boolean;
  /** Null creates one. */
  readonly organizationId: string | null;
  /** The field at which the dialog opens: `rate_limits.rpm`. */
  readonly at?: string | undefined;
  readonly onClose: () => void;
  readonly onSaved?: (organization: Organization) => void;
}

/** Edits all of an organization in one dialog: identity, budgets, limits, access, audit. One transaction saves it. */
export function OrganizationDialog({ opened, organizationId, at, onClose, onSaved }: OrganizationDialogProps) {
  const isUnsaved = useRef(false);
  // Called when the person leaves: after saving, the dialog closes by itself.
  useUnsavedGuard(() => isUnsaved.current);
  const close = () => {
    if (!mayClose(isUnsaved.current)) return;
    isUnsaved.current = false;
    onClose();
  };
  const done = (organization: Organization) => {
    isUnsaved.current = false;
    saved(organizationId === null ? `${organization.name} was created.` : `${organization.name} was saved.`);
    onClose();
    onSaved?.(organization);
  };
  const onUnsaved = (value: boolean) => {
    isUnsaved.current = value;
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={organizationId === null ? 'Create organization' : 'Edit organization'}
      size={860}
      closeButtonProps={{ 'aria-label': 'Close' }}
      styles={{ body: { paddingBottom: 0 } }}
    >
      {opened && organizationId === null && (
        <OrganizationForm read={null} onCancel={close} onSaved={done} onUnsaved={onUnsaved} />
      )}
      {opened && organizationId !== null && (
        <Existing id={organizationId} at={at} onCancel={close} onSaved={done} onUnsaved={onUnsaved} />
      )}
    </Modal>
  );
}

interface FormProps {
  readonly onCancel: () => void;
  readonly onSaved: (organization: Organization) => void;
  readonly onUnsaved: (isUnsaved: boolean) => void;
}

/** Reads the organization when the dialog opens, and not again: what the person types must not change meanwhile. */
function Existing({ id, at, ...rest }: FormProps & { id: string; at: string | undefined }) {
  const query = useQuery({
    queryKey: ['organization-to-edit', id],
    queryFn: () => readOrganization(id),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
  return (
    <Asked query={query}>
      {(read: ReadVersion) => (
        <OpenAt field={at ?? null}>
          <OrganizationForm read={read} {...rest} />
        </OpenAt>
      )}
    </Asked>
  );
}
