import { Anchor, Group, Paper, Stack, UnstyledButton } from '@mantine/core';
import { IconCircle, IconCircleCheckFilled } from '@tabler/icons-react';
import { useState } from 'react';
import { useCan } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { links } from '../../links.ts';
import { KeyStep } from './KeyStep.tsx';
import { ModelsStep } from './ModelsStep.tsx';
import { OrganizationStep } from './OrganizationStep.tsx';
import { ProviderStep } from './ProviderStep.tsx';
import { STEPS, type StepName, type Steps, useDone, useSteps } from './steps.ts';
import { TeamStep } from './TeamStep.tsx';

type Done = Readonly<Record<StepName, boolean>>;

/** Guides a person through the setup, from an empty gateway to the first answered request. */
export function StartPage() {
  const mayBegin = useCan('organizations.create');
  const done = useDone();
  return (
    <Page
      title="First steps"
      about="From a provider’s key to the first answered request. You can skip each step and return to it later."
      actions={
        <Anchor component={PageLink} at={links.overview()} fz="sm">
          Do this later
        </Anchor>
      }
    >
      {mayBegin.allowed ? (
        <Asked query={done}>{(known) => <Guide done={known} />}</Asked>
      ) : (
        <EmptyState title="Only a platform admin can do this">
          Credentials, models and organizations belong to the platform. Ask a platform admin to set them up. Your keys and teams
          are in the navigation.
        </EmptyState>
      )}
    </Page>
  );
}

function Guide({ done }: { done: Done }) {
  const steps = useSteps(done);
  // A secret is shown only once, and kept only in this page's memory.
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <Stack gap="md" maw={900}>
      <Progress done={done} steps={steps} />
      <Paper withBorder p="md">
        {steps.current === 'provider' && <ProviderStep steps={steps} onSecret={setSecret} />}
        {steps.current === 'models' && <ModelsStep steps={steps} />}
        {steps.current === 'organization' && <OrganizationStep steps={steps} />}
        {steps.current === 'team' && <TeamStep steps={steps} />}
        {steps.current === 'key' && <KeyStep steps={steps} secret={secret} onSecret={setSecret} />}
      </Paper>
    </Stack>
  );
}

function Progress({ done, steps }: { done: Done; steps: Steps }) {
  return (
    <Group component="ol" gap="xs" m={0} p={0} style={{ listStyle: 'none' }} aria-label="Steps">
      {STEPS.map(({ name, label }, index) => (
        <li key={name}>
          <UnstyledButton
            px="xs"
            py={6}
            fz="sm"
            fw={name === steps.current ? 600 : 400}
            aria-current={name === steps.current ? 'step' : undefined}
            onClick={() => steps.goTo(name)}
            style={{
              borderRadius: 'var(--mantine-radius-sm)',
              border: `1px solid ${name === steps.current ? 'var(--mantine-primary-color-filled)' : 'var(--mantine-color-default-border)'}`,
            }}
          >
            <Group gap={6} wrap="nowrap">
              {done[name] ? (
                <IconCircleCheckFilled size={16} color="var(--mantine-primary-color-filled)" aria-label="done" role="img" />
              ) : (
                <IconCircle size={16} aria-hidden />
              )}
              {index + 1}. {label}
            </Group>
          </UnstyledButton>
        </li>
      ))}
    </Group>
  );
}
