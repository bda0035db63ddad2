import { Anchor, Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { browserSupportsWebAuthn, startAuthentication, startRegistration } from '@simplewebauthn/browser';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { passkeyJson } from '../../api/webauthn.ts';
import { Asked } from '../../components/Asked.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { DialogForm, FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { Time } from '../../components/Time.tsx';
import { Section } from './Section.tsx';

type Passkey = Schema<'Passkey'>;

/** Lists the passkeys, which sign in without a password. The device asks for a fingerprint, a face or its own code. */
export function PasskeysSection() {
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Passkey | null>(null);
  const queryClient = useQueryClient();
  const passkeys = useQuery({ queryKey: ['passkeys'], queryFn: () => asked(api.GET('/session/passkeys')) });
  const isSupported = browserSupportsWebAuthn();
  return (
    <Section
      title="Passkeys"
      about={
        isSupported
          ? 'Sign in with your fingerprint, your face or the PIN of your device instead of a password.'
          : 'Passkeys do not work here. They need a browser that supports them, and HTTPS or the gateway on localhost.'
      }
      actions={
        <Button variant="default" disabled={!isSupported} onClick={() => setAdding(true)}>
          Add passkey
        </Button>
      }
    >
      <Asked query={passkeys}>
        {({ data }) =>
          data.length === 0 ? null : (
            <Stack gap="xs">
              {data.map((passkey) => (
                <Group key={passkey.id} justify="space-between" wrap="nowrap">
                  <Text fz="sm">
                    <bdi>{passkey.name}</bdi>{' '}
                    <Text component="span" fz="xs" c="dimmed">
                      since <Time at={passkey.created_at} />
                    </Text>
                  </Text>
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={`Remove ${passkey.name}`}
                    onClick={() => setRemoving(passkey)}
                  >
                    Remove
                  </Button>
                </Group>
              ))}
            </Stack>
          )
        }
      </Asked>
      <FormDialog opened={isAdding} onClose={() => setAdding(false)} title="Add passkey" size="md">
        <AddPasskey hasPasskey={(passkeys.data?.data.length ?? 0) > 0} />
      </FormDialog>
      <ConfirmByName
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={`Remove ${removing?.name ?? ''}`}
        name={null}
        verb="Remove passkey"
        consequences={['It no longer signs you in. Also remove it from the device.']}
        action={async () => {
          await asked(api.DELETE('/session/passkeys/{passkey_id}', { params: { path: { passkey_id: removing?.id ?? '' } } }));
          await Promise.all(['passkeys', 'session'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
          saved('The passkey was removed.');
        }}
      />
    </Section>
  );
}

function AddPasskey({ hasPasskey }: { hasPasskey: boolean }) {
  const [isByPasskey, setByPasskey] = useState(false);
  const form = useForm({
    initialValues: { name: '', password: '' },
    validate: { name: (name) => (name.trim() === '' ? 'Enter a name that tells you which device it is.' : null) },
  });
  return (
    <DialogForm
      form={form}
      verb="Continue"
      invalidates={['passkeys', 'session']}
      save={async ({ name, password }) => register(name.trim(), isByPasskey ? { passkey: await shownAgain() } : { password })}
      onSaved={() => saved('The passkey was added. You can sign in with it now.')}
    >
      <TextInput
        label="Name"
        description="The device or security key that stores it."
        placeholder="My laptop"
        data-autofocus
        required
        withAsterisk={false}
        maxLength={100}
        {...form.getInputProps('name')}
      />
      {isByPasskey ? (
        <Text fz="sm">Your browser asks for a passkey that you have, then for the new one.</Text>
      ) : (
        <PasswordInput
          label="Your password"
          description="So that no one can add a passkey in a browser that you left open."
          required
          withAsterisk={false}
          maxLength={128}
          autoComplete="current-password"
          {...form.getInputProps('password')}
        />
      )}
      {hasPasskey && (
        <Anchor component="button" type="button" fz="sm" onClick={() => setByPasskey(!isByPasskey)}>
          {isByPasskey ? 'Use the password' : 'Use a passkey that you have'}
        </Anchor>
      )}
    </DialogForm>
  );
}

type Shown = { readonly password: string } | { readonly passkey: ReturnType<typeof passkeyJson> };

async function register(name: string, shown: Shown): Promise<Passkey> {
  const options = (await asked(api.POST('/session/passkeys/options', { body: shown }))) as unknown;
  const optionsJSON = options as Parameters<typeof startRegistration>[0]['optionsJSON'];
  const response = await startRegistration({ optionsJSON }).catch(() => {
    throw new Error('No passkey was created. Your device may already have one, or you cancelled. Try again.');
  });
  return asked(api.POST('/session/passkeys', { body: { name, response: passkeyJson(response) } }));
}

/** Asks for a passkey that this person already has. Rejects with a sentence if they cancel. */
async function shownAgain() {
  const options = (await asked(api.POST('/session/passkey-options', { body: {} }))) as unknown;
  const optionsJSON = options as Parameters<typeof startAuthentication>[0]['optionsJSON'];
  const answer = await startAuthentication({ optionsJSON }).catch(() => {
    throw new Error('No passkey was used. Use your password instead.');
  });
  return passkeyJson(answer);
}
