import { Alert, Button, Checkbox, Group, List, Modal, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type IdentityProvider, replaceSigningKey, type SigningKey, signingKeysQuery } from '../../../api/identity.ts';
import { Asked, ProblemNote } from '../../../components/Asked.tsx';
import { saved } from '../../../components/dialogs/saved.ts';
import { Time } from '../../../components/Time.tsx';
import { ToEnter } from '../ToEnter.tsx';
import { words } from '../words.ts';

interface SigningKeyDialogProps {
  readonly provider: IdentityProvider;
  readonly onClose: () => void;
}

/** Replaces our key at a SAML provider in steps, so that the provider always knows the one that signs. */
export function SigningKeyDialog({ provider, onClose }: SigningKeyDialogProps) {
  const keys = useQuery(signingKeysQuery(provider));
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={words.signingKeyOf(provider.name)}
      closeButtonProps={{ 'aria-label': words.close }}
    >
      <Asked query={keys}>{(known) => <Steps provider={provider} keys={known} onClose={onClose} />}</Asked>
    </Modal>
  );
}

function Steps({ provider, keys, onClose }: SigningKeyDialogProps & { readonly keys: readonly SigningKey[] }) {
  const queryClient = useQueryClient();
  const [isKnownThere, setKnownThere] = useState(false);
  const present = keys.find(({ signs }) => signs);
  const next = keys.find(({ signs }) => !signs);
  const step = next === undefined ? 'add' : 'switch';
  const replacing = useMutation({
    mutationFn: () => replaceSigningKey(provider, step),
    onSuccess: () => {
      setKnownThere(false);
      if (step === 'switch') saved(words.keySwitched(provider.name));
    },
    // A refusal too: somebody else may have replaced the key.
    onSettled: () =>
      Promise.all(
        ['identity-providers', 'identity-provider-signing-key'].map((name) =>
          queryClient.invalidateQueries({ queryKey: [name] }),
        ),
      ),
  });
  return (
    <Stack gap="md">
      <Text fz="sm" c="dimmed">
        {words.signingKeyMeans}
      </Text>
      {present !== undefined && <Key label={words.signsNow} of={present} />}
      {next === undefined ? (
        <List type="ordered" fz="sm" spacing={4}>
          {words.keySteps.map((line) => (
            <List.Item key={line}>{line}</List.Item>
          ))}
        </List>
      ) : (
        <>
          <Key label={words.signsNext} of={next} />
          <GiveToProvider provider={provider} next={next} />
          <Alert color="yellow" title={words.beforeSwitching}>
            <Text fz="sm" mb="xs">
              {words.beforeSwitchingMeans}
            </Text>
            <Checkbox
              label={words.providerKnowsKey}
              checked={isKnownThere}
              onChange={(event) => setKnownThere(event.currentTarget.checked)}
            />
          </Alert>
        </>
      )}
      {replacing.isError && <ProblemNote error={replacing.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {words.close}
        </Button>
        <Button disabled={step === 'switch' && !isKnownThere} loading={replacing.isPending} onClick={() => replacing.mutate()}>
          {step === 'add' ? words.makeNextKey : words.switchToNextKey}
        </Button>
      </Group>
    </Stack>
  );
}

function Key({ label, of: { id, made_at } }: { label: string; of: SigningKey }) {
  return (
    <Text fz="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
      <b>{label}</b> <span className="mono">{id}</span> {words.keyMade} <Time at={made_at} />
    </Text>
  );
}

/** The two ways in which a provider learns the next key. */
function GiveToProvider({ provider: { entity_id }, next }: { provider: IdentityProvider; next: SigningKey }) {
  return (
    <Stack gap={6}>
      <Text fz="sm">{words.giveKey}</Text>
      <ToEnter
        rows={[
          ...(entity_id === null ? [] : [{ label: words.metadataAddress, value: entity_id }]),
          { label: words.nextCertificate, value: next.certificate },
        ]}
      />
    </Stack>
  );
}
