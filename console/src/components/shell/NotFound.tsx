import { Button, Center } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { PATHS } from '../../paths.ts';
import { EmptyState } from '../list/EmptyState.tsx';

/** The page for an address that the console does not have. */
export function NotFound() {
  return (
    <Center mih="60vh" p="md">
      <EmptyState
        title="Page not found"
        action={
          <Button component={Link} to={PATHS.overview}>
            Go to the overview
          </Button>
        }
      >
        There is no page at this address, or it was deleted. Check the address.
      </EmptyState>
    </Center>
  );
}
