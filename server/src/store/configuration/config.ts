/** The configuration that a request uses: the catalogue, one organization, one key. All returned objects are frozen. */
export { configVersions } from './config-versions.ts';
export { findKey, findKeyByHash, findKeys, findKeysByHash } from './key-config.ts';
export { loadCatalogue, withoutSecret } from './load-catalogue.ts';
export type { OnUnreadable } from './load-deployments.ts';
export { loadOrganization, loadOrganizations } from './load-organization.ts';
export { ownUseOfAll } from './load-own.ts';
