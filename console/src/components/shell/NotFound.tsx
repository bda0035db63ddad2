import { Button, Center } from '@mantine/core';
import { links } from '../../links.ts';
import { EmptyState } from '../list/EmptyState.tsx';
import { PageLink } from '../PageLink.tsx';

/** The page for an address that the console does not have. */
export function NotFound() {
  return (
    <Center mih="60vh" p="md">
      <EmptyState
        title="Page not found"
        action={
          <Button component={PageLink} at={links.overview()}>
            Go to the overview
          </Button>
        }
      >
        There is no page at this address, or it was deleted. Check the address.
      </EmptyState>
    </Center>
  );
}
