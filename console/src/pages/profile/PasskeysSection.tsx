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
import { words } from './words.ts';

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
      title={words.passkeys}
      about={isSupported ? words.passkeysMean : words.noPasskeysHere}
      actions={
        <Button variant="default" disabled={!isSupported} onClick={() => setAdding(true)}>
          {words.addPasskey}
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
                      {words.since} <Time at={passkey.created_at} />
                    </Text>
                  </Text>
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={words.removeNamed(passkey.name)}
                    onClick={() => setRemoving(passkey)}
                  >
                    {words.remove}
                  </Button>
                </Group>
              ))}
            </Stack>
          )
        }
      </Asked>
      <FormDialog opened={isAdding} onClose={() => setAdding(false)} title={words.addPasskey} size="md">
        <AddPasskey hasPasskey={(passkeys.data?.data.length ?? 0) > 0} />
      </FormDialog>
      <ConfirmByName
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={words.removeNamed(removing?.name ?? '')}
        name={null}
        verb={words.removePasskey}
        consequences={[words.passkeyStopsWorking]}
        action={async () => {
          await asked(api.DELETE('/session/passkeys/{passkey_id}', { params: { path: { passkey_id: removing?.id ?? '' } } }));
          await Promise.all(['passkeys', 'session'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
          saved(words.thePasskeyWasRemoved);
        }}
      />
    </Section>
  );
}

function AddPasskey({ hasPasskey }: { hasPasskey: boolean }) {
  const [isByPasskey, setByPasskey] = useState(false);
  const form = useForm({
    initialValues: { name: '', password: '' },
    validate: { name: (name) => (name.trim() === '' ? words.enterDeviceName : null) },
  });
  return (
    <DialogForm
      form={form}
      verb={words.continue}
      invalidates={['passkeys', 'session']}
      save={async ({ name, password }) => register(name.trim(), isByPasskey ? { passkey: await shownAgain() } : { password })}
      onSaved={() => saved(words.passkeyWasAdded)}
    >
      <TextInput
        label={words.name}
        description={words.passkeyNameMeans}
        placeholder={words.myLaptop}
        data-autofocus
        required
        withAsterisk={false}
        maxLength={100}
        {...form.getInputProps('name')}
      />
      {isByPasskey ? (
        <Text fz="sm">{words.browserAsksForPasskey}</Text>
      ) : (
        <PasswordInput
          label={words.yourPassword}
          description={words.whyPassword}
          required
          withAsterisk={false}
          maxLength={128}
          autoComplete="current-password"
          {...form.getInputProps('password')}
        />
      )}
      {hasPasskey && (
        <Anchor component="button" type="button" fz="sm" onClick={() => setByPasskey(!isByPasskey)}>
          {isByPasskey ? words.useThePassword : words.useAPasskeyThatYouHave}
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
