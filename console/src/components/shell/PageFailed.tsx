import { Box } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { ProblemNote } from '../Asked.tsx';

/** A page that broke, with a way to try again. After an update of the gateway its older pages are gone, so this loads the page anew. */
export function PageFailed({ error }: ErrorComponentProps) {
  return (
    <Box p="md" maw={640}>
      <ProblemNote error={error} onRetry={() => window.location.reload()} />
    </Box>
  );
}
