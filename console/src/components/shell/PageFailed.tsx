import { Box } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { ProblemNote } from '../Asked.tsx';

/**
 * Shows an error of a page, with a button that reloads it. Reloading also helps after an update, which removes the old page's
 * files.
 */
export function PageFailed({ error }: ErrorComponentProps) {
  return (
    <Box p="md" maw={640}>
      <ProblemNote error={error} onRetry={() => window.location.reload()} />
    </Box>
  );
}
