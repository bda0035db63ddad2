import { Badge, Group, Tooltip } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { levelName, type Step, stepWords } from './step-words.ts';

/** The verdicts of the levels, organization → team → member → key, as far as the check went. */
export function StepChain({ steps }: { steps: readonly Step[] }) {
  return (
    <Group gap={4} wrap="nowrap">
      {steps.map((step, index) => (
        <Group key={step.level} gap={4} wrap="nowrap">
          {index > 0 && <IconArrowRight size={12} aria-hidden />}
          <Tooltip label={`${levelName(step.level)}: ${stepWords(step)}`}>
            <Badge
              color={step.through === null ? 'red' : step.through === 'inherited' ? 'gray' : 'green'}
              fw={500}
              aria-label={`${levelName(step.level)}: ${stepWords(step)}`}
              role="img"
            >
              {levelName(step.level)}
              {step.through === null ? ' ✕' : ''}
            </Badge>
          </Tooltip>
        </Group>
      ))}
    </Group>
  );
}
