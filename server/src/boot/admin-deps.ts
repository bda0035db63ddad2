/** Connects the control plane to the other parts of the program. */
import type { AdminDeps } from '../admin/http/deps.ts';
import { identityOptions } from '../admin/session/identity-options.ts';
import { openIdentity } from '../identity/identity.ts';
import { noMailer } from '../identity/mail/mailer.ts';
import { createSmtpMailer } from '../identity/mail/smtp-mailer.ts';
import type { Protocols } from '../identity/protocols.ts';
import type { Logger } from '../lib/log.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import { servePlayground } from '../ops/playground.ts';
import { PRICE_LIST, PRICE_LIST_EDITION } from '../providers/price-table.ts';
import { publishedModels } from '../providers/published-models.ts';
import { PROVEN_PRESETS } from '../providers/shipped-presets.ts';
import type { Config } from '../settings/config.ts';
import { checkBaseUrl, checkWebhookUrl, isListedUrl, isPlainOnNetwork } from '../upstream/address-policy.ts';
import { createTxtLookup } from '../upstream/txt-lookup.ts';
import type { OpenGateway } from './open-gateway.ts';
import { knowledgeOf, type OpenProviders } from './open-providers.ts';
import type { Stores } from './open-stores.ts';
import type { AddressPolicies } from './providers-for.ts';

/** Returns the dependencies of the control plane, without the parts that need it themselves. */
export function adminDepsOf(
  config: Config,
  { database, installation, masterKey, journal, refusals, audit }: Stores,
  { gateway, counters }: OpenGateway,
  policies: AddressPolicies,
  providers: OpenProviders,
  protocols: Protocols,
  log: Logger,
): Omit<AdminDeps, 'process' | 'jobs'> {
  const policy = policies.platform;
  return {
    db: database.db,
    openSession: database.openSession,
    clock,
    counters,
    keys: {
      content: { master: masterKey, installation: installation.content },
      pepper: installation.pepper,
      otherPepper: installation.otherPepper,
      credentials: installation.credentials,
    },
    audit,
    identity: openIdentity(identityOptions(database.db, { key: installation.credentials, publicUrl: config.publicUrl, clock })),
    protocols,
    mailer: config.smtp === null ? noMailer : createSmtpMailer(config.smtp),
    publicUrl: config.publicUrl,
    log,
    upstream: {
      checkBaseUrl: (baseUrl) => checkBaseUrl(baseUrl, policy),
      checkOwnBaseUrl: (baseUrl) => checkBaseUrl(baseUrl, policies.organizations),
      isPlainOnNetwork: (baseUrl) => isPlainOnNetwork(baseUrl, policy),
      isListed: (baseUrl) => isListedUrl(baseUrl, policy),
      ambientClouds: new Set(config.ambientCredentials),
      priceListEdition: PRICE_LIST_EDITION,
      publishedList: { ...PRICE_LIST, models: publishedModels },
      shippedPresets: providers.shipped,
      provenPresets: PROVEN_PRESETS,
      ...knowledgeOf(providers, gateway.snapshot),
    },
    trust: { keys: gateway.workloads.keys, checkUrl: (url) => checkWebhookUrl(url, policies.organizations) },
    playground: (call) => servePlayground(call, gateway),
    settled: journal.tail,
    recent: {
      find: (id) => journal.find(id) ?? refusals.find(id),
      findShape: (organizationId, shapeId) => journal.findShape(organizationId, shapeId),
    },
    lookUpTxt: createTxtLookup({ servers: config.dnsServers }),
    trustedProxies: config.trustedProxies,
    configChanged: (scopes) => gateway.snapshot.apply(scopes),
  };
}
