import { Anchor, Button, CloseButton, Group, Paper, Stack, Text, Title, VisuallyHidden } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconCircle, IconCircleCheckFilled } from '@tabler/icons-react';
import { type ReactNode, useEffect } from 'react';
import { useSession } from '../../api/session.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { Awaited } from '../../components/Skeletons.tsx';
import { type SetupStep, useSetupSteps } from './setup-steps.ts';
import { words } from './words.ts';

/**
 * Shows what is done and what is next on the way to the first call, above the page's content, until everything is done or the
 * person closes it. Both are remembered in this browser, so that later visits need no query.
 */
export function WithSetupCard({ children }: { children: ReactNode }) {
  const { account } = useSession();
  const [isOver, setOver] = useLocalStorage({
    key: `headgate-setup-over-${account.id}`,
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const query = useSetupSteps({ isWanted: !isOver });
  const steps = query.data ?? [];
  const isDone = query.isSuccess && steps.every((step) => step.isDone);
  useEffect(() => {
    if (isDone) setOver(true);
  }, [isDone, setOver]);
  // The content waits for the card, so that it does not move down when the card comes.
  if (!isOver && query.isPending) return <Awaited shape="part" />;
  const isShown = !isOver && steps.some((step) => !step.isDone);
  return (
    <>
      {isShown && <SetupCard steps={steps} onClose={() => setOver(true)} />}
      {children}
    </>
  );
}

/** The steps to the first call, with a button for the next one that this person can do. */
export function SetupCard({ steps, onClose }: { steps: readonly SetupStep[]; onClose?: () => void }) {
  const done = steps.filter(({ isDone }) => isDone).length;
  const next = steps.find((step) => !step.isDone && step.place !== null);
  const waits = steps.filter((step) => !step.isDone && step.place === null && step.who !== undefined);
  return (
    <Paper withBorder p="md" component="section" aria-label={words.setUp}>
      <Group justify="space-between" wrap="nowrap" mb="xs">
        <Title order={2}>{words.countDone(done, steps.length)}</Title>
        {onClose !== undefined && <CloseButton aria-label={words.hideTheSetup} onClick={onClose} />}
      </Group>
      <Group component="ol" gap="md" m={0} p={0} style={{ listStyle: 'none', rowGap: 4 }} aria-label={words.steps}>
        {steps.map((step) => (
          <Step key={step.label} step={step} isNext={step === next} />
        ))}
      </Group>
      <Stack gap="xs" mt="sm" align="flex-start">
        {waits.map(({ label, who }) => (
          <Text key={label} fz="sm" c="dimmed">
            {label}: {who}
          </Text>
        ))}
        {next?.place != null && (
          <Button component={PageLink} at={next.place} size="xs">
            {words.nextStep(next.label)}
          </Button>
        )}
      </Stack>
    </Paper>
  );
}

function Step({ step: { label, isDone, place }, isNext }: { step: SetupStep; isNext: boolean }) {
  const text = (
    <Text component="span" fz="sm" fw={isNext ? 600 : 400} c={isDone ? 'dimmed' : undefined}>
      {label}
    </Text>
  );
  return (
    <li>
      <Group gap={6} wrap="nowrap">
        {isDone ? (
          <IconCircleCheckFilled size={16} color="var(--mantine-primary-color-filled)" aria-hidden />
        ) : (
          <IconCircle size={16} aria-hidden />
        )}
        <VisuallyHidden>{isDone ? words.done : words.open}</VisuallyHidden>
        {isDone || place === null ? (
          text
        ) : (
          <Anchor component={PageLink} at={place} inherit>
            {text}
          </Anchor>
        )}
      </Group>
    </li>
  );
}
