/** What an organization was granted. `all` is the whole catalogue, now and later; `selected` with nothing in it is nothing. */
export type OrganizationAccess =
  | { readonly mode: 'all' }
  | { readonly mode: 'selected'; readonly targets: readonly string[]; readonly accessGroups: readonly string[] };

/** What a team, user or key keeps of its parent's set. `restrict` with nothing selected is nothing. */
export type AccessChoice =
  | { readonly mode: 'inherit' }
  | { readonly mode: 'restrict'; readonly targets: readonly string[]; readonly accessGroups: readonly string[] };
