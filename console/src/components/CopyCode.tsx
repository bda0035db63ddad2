import { Box, Code, Group } from '@mantine/core';
import { CopyIcon } from './CopyText.tsx';

interface CopyCodeProps {
  readonly text: string;
  /** The name of the text for people who do not see it. */
  readonly label: string;
  /** The object of “Copy …”. */
  readonly copyLabel: string;
}

/** A text of several lines with a button that copies it. It scrolls sideways, also by keyboard. */
export function CopyCode({ text, label, copyLabel }: CopyCodeProps) {
  return (
    <Box pos="relative">
      <Group pos="absolute" top={6} right={6}>
        <CopyIcon text={text} label={copyLabel} />
      </Group>
      <Code block fz="xs" tabIndex={0} aria-label={label} pr={40}>
        {text}
      </Code>
    </Box>
  );
}
