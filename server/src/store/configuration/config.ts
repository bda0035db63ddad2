/** The configuration as a request sees it: the catalogue, one organization, one key. Frozen when it comes from here. */
export { configVersions } from './config-versions.ts';
export { findKey, findKeyByHash, findKeys, findKeysByHash } from './key-config.ts';
export { loadCatalogue, type OnUnreadable } from './load-catalogue.ts';
export { loadOrganization, loadOrganizations } from './load-organization.ts';
