import {
  type AnyRoute,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { NotFound } from './components/shell/NotFound.tsx';
import { PageFailed } from './components/shell/PageFailed.tsx';
import { Shell } from './components/shell/Shell.tsx';
import { SCOPE } from './components/shell/scope.ts';
import { PATHS } from './paths.ts';

/** Every page on one page. Each is loaded when it is first opened. */

const root = createRootRoute({ notFoundComponent: NotFound, errorComponent: PageFailed });
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  search: { middlewares: [retainSearchParams<Search>([SCOPE])] },
});

/** What stands in the address behind `?`: plain texts; each page reads its own. */
type Search = Readonly<Record<string, string | undefined>>;

function page(parent: AnyRoute, path: string, load: () => Promise<{ default: ComponentType }>) {
  return createRoute({
    getParentRoute: () => parent,
    path,
    validateSearch: textsOf,
    component: lazyRouteComponent(load),
  });
}

function textsOf(search: Record<string, unknown>): Search {
  return Object.fromEntries(Object.entries(search).map(([name, value]) => [name, value == null ? undefined : String(value)]));
}

const signedIn = [
  page(shell, PATHS.overview, () =>
    import('./pages/overview/OverviewPage.tsx').then(({ OverviewPage }) => ({ default: OverviewPage })),
  ),
  page(shell, PATHS.organizations, () =>
    import('./pages/organizations/OrganizationsPage.tsx').then(({ OrganizationsPage }) => ({ default: OrganizationsPage })),
  ),
  page(shell, PATHS.organization, () =>
    import('./pages/organizations/OrganizationPage.tsx').then(({ OrganizationPage }) => ({ default: OrganizationPage })),
  ),
  page(shell, PATHS.statements, () =>
    import('./pages/statements/StatementPage.tsx').then(({ StatementPage }) => ({ default: StatementPage })),
  ),
  page(shell, PATHS.directory, () =>
    import('./pages/directory/DirectoryPage.tsx').then(({ DirectoryPage }) => ({ default: DirectoryPage })),
  ),
  page(shell, PATHS.workloads, () =>
    import('./pages/workloads/WorkloadsPage.tsx').then(({ WorkloadsPage }) => ({ default: WorkloadsPage })),
  ),
  page(shell, PATHS.teams, () => import('./pages/teams/TeamsPage.tsx').then(({ TeamsPage }) => ({ default: TeamsPage }))),
  page(shell, PATHS.team, () => import('./pages/teams/TeamPage.tsx').then(({ TeamPage }) => ({ default: TeamPage }))),
  page(shell, PATHS.people, () => import('./pages/people/PeoplePage.tsx').then(({ PeoplePage }) => ({ default: PeoplePage }))),
  page(shell, PATHS.account, () =>
    import('./pages/people/AccountPage.tsx').then(({ AccountPage }) => ({ default: AccountPage })),
  ),
  page(shell, PATHS.roles, () => import('./pages/roles/RolesPage.tsx').then(({ RolesPage }) => ({ default: RolesPage }))),
  page(shell, PATHS.keys, () => import('./pages/keys/KeysPage.tsx').then(({ KeysPage }) => ({ default: KeysPage }))),
  page(shell, PATHS.key, () => import('./pages/keys/KeyPage.tsx').then(({ KeyPage }) => ({ default: KeyPage }))),
  page(shell, PATHS.callableModels, () =>
    import('./pages/callable-models/CallableModelsPage.tsx').then(({ CallableModelsPage }) => ({ default: CallableModelsPage })),
  ),
  page(shell, PATHS.models, () => import('./pages/models/ModelsPage.tsx').then(({ ModelsPage }) => ({ default: ModelsPage }))),
  page(shell, PATHS.deployment, () =>
    import('./pages/models/DeploymentPage.tsx').then(({ DeploymentPage }) => ({ default: DeploymentPage })),
  ),
  page(shell, PATHS.knownModels, () =>
    import('./pages/known-models/KnownModelsPage.tsx').then(({ KnownModelsPage }) => ({ default: KnownModelsPage })),
  ),
  page(shell, PATHS.credentials, () =>
    import('./pages/credentials/CredentialsPage.tsx').then(({ CredentialsPage }) => ({ default: CredentialsPage })),
  ),
  page(shell, PATHS.presets, () =>
    import('./pages/presets/PresetsPage.tsx').then(({ PresetsPage }) => ({ default: PresetsPage })),
  ),
  page(shell, PATHS.routeGroups, () =>
    import('./pages/route-groups/RouteGroupsPage.tsx').then(({ RouteGroupsPage }) => ({ default: RouteGroupsPage })),
  ),
  page(shell, PATHS.routeGroup, () =>
    import('./pages/route-groups/RouteGroupPage.tsx').then(({ RouteGroupPage }) => ({ default: RouteGroupPage })),
  ),
  page(shell, PATHS.accessGroups, () =>
    import('./pages/access-groups/AccessGroupsPage.tsx').then(({ AccessGroupsPage }) => ({ default: AccessGroupsPage })),
  ),
  page(shell, PATHS.accessGroup, () =>
    import('./pages/access-groups/AccessGroupPage.tsx').then(({ AccessGroupPage }) => ({ default: AccessGroupPage })),
  ),
  page(shell, PATHS.accessExplorer, () =>
    import('./pages/access/AccessExplorerPage.tsx').then(({ AccessExplorerPage }) => ({ default: AccessExplorerPage })),
  ),
  page(shell, PATHS.playground, () =>
    import('./pages/playground/PlaygroundPage.tsx').then(({ PlaygroundPage }) => ({ default: PlaygroundPage })),
  ),
  page(shell, PATHS.usage, () => import('./pages/usage/UsagePage.tsx').then(({ UsagePage }) => ({ default: UsagePage }))),
  page(shell, PATHS.requests, () =>
    import('./pages/requests/RequestsPage.tsx').then(({ RequestsPage }) => ({ default: RequestsPage })),
  ),
  page(shell, PATHS.request, () =>
    import('./pages/requests/RequestPage.tsx').then(({ RequestPage }) => ({ default: RequestPage })),
  ),
  page(shell, PATHS.alerts, () => import('./pages/alerts/AlertsPage.tsx').then(({ AlertsPage }) => ({ default: AlertsPage }))),
  page(shell, PATHS.audit, () => import('./pages/audit/AuditPage.tsx').then(({ AuditPage }) => ({ default: AuditPage }))),
  page(shell, PATHS.security, () =>
    import('./pages/security/SecurityPage.tsx').then(({ SecurityPage }) => ({ default: SecurityPage })),
  ),
  page(shell, PATHS.settings, () =>
    import('./pages/settings/SettingsPage.tsx').then(({ SettingsPage }) => ({ default: SettingsPage })),
  ),
  page(shell, PATHS.profile, () =>
    import('./pages/profile/ProfilePage.tsx').then(({ ProfilePage }) => ({ default: ProfilePage })),
  ),
  page(shell, PATHS.device, () => import('./pages/logins/DevicePage.tsx').then(({ DevicePage }) => ({ default: DevicePage }))),
  page(shell, PATHS.connect, () =>
    import('./pages/logins/ConnectPage.tsx').then(({ ConnectPage }) => ({ default: ConnectPage })),
  ),
  page(shell, PATHS.start, () => import('./pages/start/StartPage.tsx').then(({ StartPage }) => ({ default: StartPage }))),
];

const forEveryone = [
  page(root, PATHS.signIn, () => import('./pages/sign-in/SignInPage.tsx').then(({ SignInPage }) => ({ default: SignInPage }))),
  page(root, PATHS.firstAdmin, () =>
    import('./pages/sign-in/FirstAdminPage.tsx').then(({ FirstAdminPage }) => ({ default: FirstAdminPage })),
  ),
  page(root, PATHS.invitation, () =>
    import('./pages/sign-in/InvitationPage.tsx').then(({ InvitationPage }) => ({ default: InvitationPage })),
  ),
  page(root, PATHS.resetPassword, () =>
    import('./pages/sign-in/ResetPasswordPage.tsx').then(({ ResetPasswordPage }) => ({ default: ResetPasswordPage })),
  ),
];

export const router = createRouter({
  routeTree: root.addChildren([shell.addChildren(signedIn), ...forEveryone]),
  defaultPreload: 'intent',
  defaultErrorComponent: PageFailed,
  scrollRestoration: true,
  // Filters are plain texts: `?status=refused`, not `?status=%22refused%22`.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const texts = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
    const query = new URLSearchParams(texts.map(([name, value]) => [name, String(value)])).toString();
    return query === '' ? '' : `?${query}`;
  },
});
