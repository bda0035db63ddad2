/** A page or dialog that is looked at, and the objects that pages show. */
import type { House, Page, Role } from './support.ts';
import type { Tagged } from './tagged.ts';

export interface Sight {
  readonly name: string;
  readonly address: string;
  /** Who looks; a platform admin unless said. Null: nobody is signed in. */
  readonly who?: Role | null;
  /** What is done on the page until there is something to look at: a dialog opened, a tab chosen. */
  readonly open?: (page: Page, house: House) => Promise<void>;
  /** The dialog that is open then, by its name in dialog-sources.ts. */
  readonly dialog?: string;
}

/** Ids of the demo's objects that pages show. */
export interface Ids {
  readonly organizationId: string;
  readonly teamId: string;
  readonly keyId: string;
  readonly accountId: string;
  readonly deploymentId: string;
  readonly routeGroupId: string;
  readonly requestId: string;
  readonly refusedId: string;
  /** A request of which every attempt failed. */
  readonly failedId: string;
  readonly tagged: Tagged;
  /** An admin token of a service account, and the name of that. */
  readonly machine: { readonly accountId: string; readonly name: string };
  /** An organization that can be deleted. */
  readonly archivedId: string;
  /** A route group with a policy that can be rolled back. */
  readonly publishedTwiceId: string;
}
