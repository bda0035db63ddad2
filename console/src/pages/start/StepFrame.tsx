import { Button, Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { STEPS, type Steps } from './steps.ts';

interface StepFrameProps {
  readonly title: string;
  readonly about: string;
  readonly steps: Steps;
  /** The button that completes the step. */
  readonly action: ReactNode;
  readonly children: ReactNode;
}

/** The frame of a step: its purpose, its fields, and the buttons to continue, go back or skip. */
export function StepFrame({ title, about, steps, action, children }: StepFrameProps) {
  const index = STEPS.findIndex(({ name }) => name === steps.current);
  const before = STEPS[index - 1];
  const isLast = index === STEPS.length - 1;
  return (
    <Stack gap="md">
      <div>
        <Title order={2}>{title}</Title>
        <Text fz="sm" c="dimmed">
          {about}
        </Text>
      </div>
      {children}
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          {before !== undefined && (
            <Button variant="default" onClick={() => steps.goTo(before.name)}>
              Back
            </Button>
          )}
          {!isLast && (
            <Button variant="subtle" color="gray" onClick={() => steps.next()}>
              Skip
            </Button>
          )}
        </Group>
        <Group gap="xs">{action}</Group>
      </Group>
    </Stack>
  );
}
