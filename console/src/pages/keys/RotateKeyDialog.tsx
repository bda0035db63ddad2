import { List, Select } from '@mantine/core';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { KeySecret } from '../../components/dialogs/KeySecret.tsx';
import { SecretDialog } from '../../components/dialogs/SecretDialog.tsx';

interface RotateKeyDialogProps {
  readonly of: Schema<'Key'>;
  readonly opened: boolean;
  readonly onClose: () => void;
}

const OVERLAPS = [
  { value: '0', label: 'At once' },
  { value: '3600', label: 'In an hour' },
  { value: '86400', label: 'In a day' },
  { value: '604800', label: 'In 7 days' },
  { value: '2592000', label: 'In 30 days' },
];

/** Gives a key a new secret. The old one keeps working for a chosen time, in which applications change over. */
export function RotateKeyDialog({ of: key, opened, onClose }: RotateKeyDialogProps) {
  const [rotated, setRotated] = useState<Schema<'RotatedKey'> | null>(null);
  return (
    <>
      <CreateDialog
        opened={opened}
        onClose={onClose}
        title={`Rotate ${key.name}`}
        size="md"
        initial={{ overlap: '3600' }}
        verb="Create new secret"
        invalidates={['keys']}
        save={({ overlap }, header) =>
          asked(
            api.POST('/keys/{id}/rotate', {
              params: { path: { id: key.id }, header },
              body: { overlap_seconds: Number(overlap) },
            }),
          )
        }
        onSaved={setRotated}
      >
        {(form) => (
          <>
            <List fz="sm" spacing={4}>
              <List.Item>The key keeps its id, limits, budgets and history.</List.Item>
              <List.Item>The new secret is shown once.</List.Item>
            </List>
            <Select
              label="The old secret stops working"
              description="Until then both work."
              data={OVERLAPS}
              allowDeselect={false}
              data-autofocus
              {...form.getInputProps('overlap')}
            />
          </>
        )}
      </CreateDialog>
      {rotated !== null && (
        <SecretDialog title={`New secret of ${key.name}`} size="xl" onClose={() => setRotated(null)}>
          <KeySecret keyId={rotated.id} secret={rotated.secret} />
        </SecretDialog>
      )}
    </>
  );
}
