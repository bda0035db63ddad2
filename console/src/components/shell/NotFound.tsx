import { Button, Center } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { PATHS } from '../../paths.ts';
import { EmptyState } from '../list/EmptyState.tsx';

/** The page for an address that the console does not have. */
export function NotFound() {
  return (
    <Center mih="60vh" p="md">
      <EmptyState
        title="There is nothing here"
        action={
          <Button component={Link} to={PATHS.overview}>
            To the overview
          </Button>
        }
      >
        The address is none of this console, or what it named is gone.
      </EmptyState>
    </Center>
  );
}
