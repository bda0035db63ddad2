import { Anchor, Button, Group, Paper, Stack, UnstyledButton } from '@mantine/core';
import { IconCircle, IconCircleCheckFilled } from '@tabler/icons-react';
import { useState } from 'react';
import { useCan } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { links } from '../../links.ts';
import { SetupCard } from '../overview/SetupCard.tsx';
import { useSetupSteps } from '../overview/setup-steps.ts';
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
      about={
        mayBegin.allowed
          ? 'From a provider’s key to the first answered request. You can skip each step and return to it later.'
          : 'What is done and what is next on the way to the first call.'
      }
      actions={
        mayBegin.allowed && (
          <Anchor component={PageLink} at={links.overview()} fz="sm">
            Do this later
          </Anchor>
        )
      }
    >
      {mayBegin.allowed ? <Asked query={done}>{(known) => <Guide done={known} />}</Asked> : <OwnSteps />}
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
        {steps.isOver ? <AllDone /> : <Step steps={steps} secret={secret} onSecret={setSecret} />}
      </Paper>
    </Stack>
  );
}

function AllDone() {
  return (
    <EmptyState
      title="Everything is set up"
      action={
        <Button component={PageLink} at={links.overview()}>
          Go to the overview
        </Button>
      }
    >
      The gateway has a provider, models, an organization, a team and a key. Choose a step above to add more.
    </EmptyState>
  );
}

interface StepProps {
  readonly steps: Steps;
  readonly secret: string | null;
  readonly onSecret: (secret: string) => void;
}

function Step({ steps, secret, onSecret }: StepProps) {
  switch (steps.current) {
    case 'provider':
      return <ProviderStep steps={steps} onSecret={onSecret} />;
    case 'models':
      return <ModelsStep steps={steps} />;
    case 'organization':
      return <OrganizationStep steps={steps} />;
    case 'team':
      return <TeamStep steps={steps} />;
    case 'key':
      return <KeyStep steps={steps} secret={secret} onSecret={onSecret} />;
  }
}

/** The steps of a person who does not manage the platform. */
function OwnSteps() {
  const query = useSetupSteps({ isWanted: true });
  return (
    <Asked query={query}>
      {(steps) =>
        steps.length === 0 ? (
          <EmptyState title="There is nothing to set up in your role">
            Platform admins, and owners and admins of an organization, set up models, teams and keys.
          </EmptyState>
        ) : (
          <SetupCard steps={steps} />
        )
      }
    </Asked>
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
