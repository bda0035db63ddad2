import { Button, FileButton, Group, PasswordInput, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useState } from 'react';
import { firstErrorOf } from '../../api/field-errors.ts';
import { type CredentialForm, SECRET_PARTS, type SecretField } from './credential-draft.ts';
import { words } from './words.ts';

/** The parts that are typed unseen. The others are names, which are no secrets by themselves. */
const UNSEEN: ReadonlySet<SecretField> = new Set(['secret_access_key', 'session_token', 'client_secret']);
/** A key file has about 2,400 characters. */
const FILE_BYTES_MAX = 16_384;

/** The fields of a secret, by the credential's kind. None for the identity of the gateway's machine. */
export function SecretFields({ form, isNew }: { form: CredentialForm; isNew: boolean }) {
  const { kind } = form.values;
  if (kind === 'ambient')
    return (
      <Text fz="sm" c="dimmed">
        {words.ambientMeans}
      </Text>
    );
  if (kind === 'gcp_service_account') return <KeyFileField form={form} isNew={isNew} />;
  const parts = SECRET_PARTS[kind];
  if (parts === undefined) return <ApiKeyField form={form} isNew={isNew} />;
  return (
    <Stack gap="xs">
      {!isNew && (
        <Text fz="xs" c="dimmed">
          {words.newSecretMeans}
        </Text>
      )}
      {parts.map(({ field, isOptional }) => {
        const props = {
          label: words.secretField[field],
          description: words.secretFieldMeans[field],
          required: isNew && isOptional !== true,
          autoComplete: 'off',
          ...form.getInputProps(`secret.${field}`),
        };
        return UNSEEN.has(field) ? (
          <PasswordInput
            key={field}
            {...props}
            visibilityToggleButtonProps={{ 'aria-label': words.showOrHide(words.secretField[field]) }}
          />
        ) : (
          <TextInput key={field} {...props} spellCheck={false} />
        );
      })}
    </Stack>
  );
}

function ApiKeyField({ form, isNew }: { form: CredentialForm; isNew: boolean }) {
  return (
    <PasswordInput
      label={isNew ? words.apiKey : words.newApiKey}
      description={isNew ? words.keyIsEncrypted : words.newKeyMeans}
      required={isNew}
      autoComplete="off"
      visibilityToggleButtonProps={{ 'aria-label': words.showOrHideTheApiKey }}
      {...form.getInputProps('api_key')}
    />
  );
}

/** The key file of a service account: pasted, or read from a file. */
function KeyFileField({ form, isNew }: { form: CredentialForm; isNew: boolean }) {
  const [fault, setFault] = useState<string | null>(null);
  const read = async (file: File | null) => {
    if (file === null) return;
    if (file.size > FILE_BYTES_MAX) return setFault(words.fileTooLong);
    setFault(null);
    form.setFieldValue('secret.key_file', await file.text());
  };
  return (
    <Stack gap={4}>
      <Textarea
        label={isNew ? words.secretField.key_file : words.newKeyFile}
        description={isNew ? words.secretFieldMeans.key_file : words.newSecretMeans}
        required={isNew}
        autosize
        minRows={3}
        maxRows={6}
        autoComplete="off"
        spellCheck={false}
        classNames={{ input: 'mono' }}
        {...form.getInputProps('secret.key_file')}
        error={firstErrorOf(form.errors, 'secret.key_file')}
      />
      <Group gap="xs">
        <FileButton accept="application/json,.json" onChange={(file) => void read(file)}>
          {(props) => (
            <Button {...props} size="xs" variant="default" leftSection={<IconUpload size={14} />}>
              {words.chooseFile}
            </Button>
          )}
        </FileButton>
        {fault !== null && (
          <Text fz="xs" c="red" role="alert">
            {fault}
          </Text>
        )}
      </Group>
    </Stack>
  );
}
