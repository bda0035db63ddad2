import { type ComponentProps, lazy } from 'react';
import { WhenOpened } from '../../../components/dialogs/WhenOpened.tsx';

/** The dialogs of organizations, each loaded when it is first opened. */

const Loaded = lazy(() => import('./OrganizationDialog.tsx').then(({ OrganizationDialog }) => ({ default: OrganizationDialog })));

export function OrganizationDialog(props: ComponentProps<typeof Loaded>) {
  return (
    <WhenOpened opened={props.opened}>
      <Loaded {...props} />
    </WhenOpened>
  );
}

export const LifecycleDialog = lazy(() =>
  import('./LifecycleDialog.tsx').then(({ LifecycleDialog }) => ({ default: LifecycleDialog })),
);

export const BulkBar = lazy(() => import('../BulkBar.tsx').then(({ BulkBar }) => ({ default: BulkBar })));
