import { List, Select } from '@mantine/core';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { KeySecret } from '../../components/dialogs/KeySecret.tsx';
import { SecretDialog } from '../../components/dialogs/SecretDialog.tsx';
import { words } from './words.ts';

interface RotateKeyDialogProps {
  readonly of: Schema<'Key'>;
  readonly opened: boolean;
  readonly onClose: () => void;
}

const OVERLAPS = [
  { value: '0', label: words.atOnce },
  { value: '3600', label: words.inAnHour },
  { value: '86400', label: words.inADay },
  { value: '604800', label: words.in7Days },
  { value: '2592000', label: words.in30Days },
];

/** Gives a key a new secret. The old one keeps working for a chosen time, in which applications change over. */
export function RotateKeyDialog({ of: key, opened, onClose }: RotateKeyDialogProps) {
  const [rotated, setRotated] = useState<Schema<'RotatedKey'> | null>(null);
  return (
    <>
      <CreateDialog
        opened={opened}
        onClose={onClose}
        title={words.rotateNamed(key.name)}
        size="md"
        initial={{ overlap: '3600' }}
        verb={words.createNewSecret}
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
              <List.Item>{words.keyIsKept}</List.Item>
              <List.Item>{words.secretIsShownOnce}</List.Item>
            </List>
            <Select
              label={words.oldSecretStops}
              description={words.untilThenBothWork}
              data={OVERLAPS}
              allowDeselect={false}
              data-autofocus
              {...form.getInputProps('overlap')}
            />
          </>
        )}
      </CreateDialog>
      {rotated !== null && (
        <SecretDialog title={words.newSecretOf(key.name)} size="xl" onClose={() => setRotated(null)}>
          <KeySecret keyId={rotated.id} secret={rotated.secret} />
        </SecretDialog>
      )}
    </>
  );
}
