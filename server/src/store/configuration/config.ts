/** The configuration that a request uses: the catalogue, one organization, one key. All returned objects are frozen. */
export { configVersions } from './config-versions.ts';
export { findKey, findKeyByHash, findKeys, findKeysByHash } from './key-config.ts';
export { loadCatalogue, type OnUnreadable, withoutSecret } from './load-catalogue.ts';
export { loadOrganization, loadOrganizations } from './load-organization.ts';
