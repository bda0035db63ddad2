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

const LoadedTemplates = lazy(() => import('./TemplatesDialog.tsx').then(({ TemplatesDialog }) => ({ default: TemplatesDialog })));

export function TemplatesDialog(props: ComponentProps<typeof LoadedTemplates>) {
  return (
    <WhenOpened opened={props.opened}>
      <LoadedTemplates {...props} />
    </WhenOpened>
  );
}

const LoadedCreateTemplate = lazy(() =>
  import('./TemplatesDialog.tsx').then(({ CreateTemplate }) => ({ default: CreateTemplate })),
);

export function CreateTemplate(props: ComponentProps<typeof LoadedCreateTemplate>) {
  return (
    <WhenOpened opened={props.opened}>
      <LoadedCreateTemplate {...props} />
    </WhenOpened>
  );
}

export const LifecycleDialog = lazy(() =>
  import('./LifecycleDialog.tsx').then(({ LifecycleDialog }) => ({ default: LifecycleDialog })),
);

export const BulkBar = lazy(() => import('../BulkBar.tsx').then(({ BulkBar }) => ({ default: BulkBar })));
