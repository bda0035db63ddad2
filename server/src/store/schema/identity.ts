/**
 * The tables of who may come in, for each organization: its domains, its identity providers, its policy for sign-ins, and the
 * evidence of each session. The organization is the shard key, but for what belongs to a session or a browser.
 */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { OWN_METHODS } from '../../domain/identity/evidence.ts';
import {
  DOMAIN_STATES,
  FLOW_PURPOSES,
  PROVIDER_KEY_STATES,
  PROVIDER_PROTOCOLS,
  PROVIDER_STATES,
  SECOND_FACTOR_POLICIES,
  SIGN_IN_POLICIES,
} from '../../domain/identity/words.ts';
import { ORGANIZATION_ROLES, TEAM_ROLES } from '../../domain/tenancy/permission.ts';
import { bytes, createdAt, instant, names, updatedAt } from './columns.ts';
import { sessions } from './sign-in.ts';
import { organizations, teams } from './tenancy.ts';

const organizationId = () =>
  text('organization_id')
    .notNull()
    .references(() => organizations.id);
const version = () => bigint('version', { mode: 'number' }).notNull().default(1);

/** A domain that an organization says is its own. At most one organization has it verified. */
export const organizationDomains = pgTable(
  'organization_domains',
  {
    organizationId: organizationId(),
    /** In lower case and ASCII (punycode), without a dot at the end. */
    domain: text('domain').notNull(),
    /** The value to find in the TXT record, behind `headgate-verify=`. Not a secret. */
    challenge: text('challenge').notNull(),
    state: text('state', { enum: DOMAIN_STATES }).notNull().default('pending'),
    verifiedAt: instant('verified_at'),
    checkedAt: instant('checked_at'),
    /** The first daily check in a row that did not find the record. Null while it is found. */
    missingSince: instant('missing_since'),
    /** What the last check found instead, in words; null if it found the record. */
    problem: text('problem'),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.domain] }),
    uniqueIndex('organization_domains_verified').on(table.domain).where(sql`${table.state} in ('verified', 'missing')`),
    index('organization_domains_due').on(table.checkedAt),
    check('organization_domains_state', sql`${table.state} in ('pending', 'verified', 'missing', 'lost')`),
  ],
);

/**
 * An identity provider of one organization. `config` has the facts of its protocol (domain/identity/), never a secret. The row of a
 * deleted one stays, because links and audit events name it.
 */
export const identityProviders = pgTable(
  'identity_providers',
  {
    organizationId: organizationId(),
    id: text('id').notNull(),
    name: text('name').notNull(),
    protocol: text('protocol', { enum: PROVIDER_PROTOCOLS }).notNull(),
    state: text('state', { enum: PROVIDER_STATES }).notNull().default('draft'),
    config: jsonb('config').$type<Readonly<Record<string, unknown>>>().notNull(),
    /** The client secret (OIDC) or our private keys (SAML), sealed for this row; null if there is none. */
    sealed: bytes('sealed'),
    /** A new configuration of an active provider, until a test of it passes. Sign-ins use the present one meanwhile. */
    nextConfig: jsonb('next_config').$type<Readonly<Record<string, unknown>>>(),
    nextSealed: bytes('next_sealed'),
    /** True if a person of a verified domain without an account gets one. */
    createsAccounts: boolean('creates_accounts').notNull().default(false),
    /** The role of a person whom it creates and no mapping gives one. */
    defaultRole: text('default_role', { enum: ORGANIZATION_ROLES }).notNull().default('org_member'),
    /** The claim that lists groups; null: none is read. */
    groupsClaim: text('groups_claim'),
    /** The values of `amr` or `acr`, or of a SAML authentication context, that show a second factor. */
    secondFactorValues: names('second_factor_values'),
    position: integer('position').notNull().default(0),
    /** The time of the last test that passed with the present configuration; and of the last sign-in. */
    testedAt: instant('tested_at'),
    lastSignInAt: instant('last_sign_in_at'),
    version: version(),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    uniqueIndex('identity_providers_id').on(table.id),
    check('identity_providers_protocol', sql`${table.protocol} in ('oidc', 'saml')`),
    check('identity_providers_state', sql`${table.state} in ('draft', 'tested', 'active', 'off')`),
  ],
);

const provider = (table: { organizationId: never; providerId: never }) =>
  foreignKey({
    columns: [table.organizationId, table.providerId],
    foreignColumns: [identityProviders.organizationId, identityProviders.id],
  });

/** A key by which an identity provider signs: a JWK or a certificate. */
export const identityProviderKeys = pgTable(
  'identity_provider_keys',
  {
    organizationId: text('organization_id').notNull(),
    providerId: text('provider_id').notNull(),
    /** The `kid` of a JWK; the SHA-256 fingerprint of a certificate in lower-case hex. */
    id: text('id').notNull(),
    /** The JWK as JSON, or the certificate in PEM. Public. */
    value: text('value').notNull(),
    state: text('state', { enum: PROVIDER_KEY_STATES }).notNull().default('trusted'),
    notAfter: instant('not_after'),
    seenAt: instant('seen_at').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.providerId, table.id] }),
    provider(table as never),
    check('identity_provider_keys_state', sql`${table.state} in ('trusted', 'waiting', 'gone')`),
  ],
);

/** A person at an identity provider who is an account here. */
export const identityLinks = pgTable(
  'identity_links',
  {
    organizationId: text('organization_id').notNull(),
    providerId: text('provider_id').notNull(),
    /** `sub` of OIDC or the NameID of SAML. */
    subject: text('subject').notNull(),
    accountId: text('account_id').notNull(),
    /** The address that the identity provider last named; for display. */
    email: text('email'),
    createdAt: createdAt(),
    lastUsedAt: instant('last_used_at'),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.providerId, table.subject] }),
    provider(table as never),
    index('identity_links_account').on(table.accountId, table.organizationId),
  ],
);

/**
 * The evidence that a session has shown: `own` (password, passkey) or an identity provider's id. A role in an organization counts only while
 * evidence meets its policy. A session of a version before has no rows, and counts as `own`.
 */
export const sessionEvidence = pgTable(
  'session_evidence',
  {
    sessionId: text('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    source: text('source').notNull(),
    /** The organization of that identity provider; null for `own`. */
    organizationId: text('organization_id'),
    /** The way of own evidence; null for an identity provider. */
    method: text('method', { enum: OWN_METHODS }),
    secondFactor: boolean('second_factor').notNull(),
    /** The session's id at the identity provider, for its logout. */
    sid: text('sid'),
    subject: text('subject'),
    shownAt: instant('shown_at').notNull(),
    /** The time at which the person signed in at the identity provider; null: it did not say, or the evidence is own. */
    authenticatedAt: instant('authenticated_at'),
    expiresAt: instant('expires_at'),
  },
  (table) => [
    primaryKey({ columns: [table.sessionId, table.source] }),
    index('session_evidence_source').on(table.source, table.subject),
    index('session_evidence_organization').on(table.organizationId),
  ],
);

/** The policy of an organization for sign-ins. No row: anything, as before. */
export const signInPolicies = pgTable(
  'sign_in_policies',
  {
    organizationId: organizationId().primaryKey(),
    signIn: text('sign_in', { enum: SIGN_IN_POLICIES }).notNull().default('any'),
    secondFactor: text('second_factor', { enum: SECOND_FACTOR_POLICIES }).notNull().default('off'),
    /** How long evidence counts after it was shown; how long after the session was last used. */
    evidenceHours: integer('evidence_hours').notNull().default(12),
    idleMinutes: integer('idle_minutes'),
    /** True if the identity provider must ask the person again, whatever session they have there. */
    asksAgain: boolean('asks_again').notNull().default(false),
    /** The accounts of owners who may come in without the identity provider, one to three, while `sso` is enforced. */
    breakGlass: names('break_glass'),
    enforcedAt: instant('enforced_at'),
    enforcedBy: text('enforced_by'),
    version: version(),
    updatedAt: updatedAt(),
  },
  (table) => [
    check('sign_in_policies_sign_in', sql`${table.signIn} in ('any', 'sso')`),
    check('sign_in_policies_second_factor', sql`${table.secondFactor} in ('off', 'idp_or_own', 'own')`),
  ],
);

/** A group's roles: of an identity provider's claim (`source` is its id) or of the SCIM directory (`scim`). */
export const groupMappings = pgTable(
  'group_mappings',
  {
    organizationId: organizationId(),
    id: text('id').notNull(),
    source: text('source').notNull(),
    /** The claim's value, or the SCIM group's id. Compared exactly. */
    value: text('value').notNull(),
    role: text('role', { enum: ORGANIZATION_ROLES }),
    teamId: text('team_id'),
    teamRole: text('team_role', { enum: TEAM_ROLES }),
    createdBy: text('created_by').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.id] }),
    uniqueIndex('group_mappings_once').on(table.organizationId, table.source, table.value, sql`coalesce(${table.teamId}, '')`),
    foreignKey({ columns: [table.organizationId, table.teamId], foreignColumns: [teams.organizationId, teams.id] }),
    check('group_mappings_one_place', sql`(${table.role} is null) <> (${table.teamId} is null)`),
    check('group_mappings_team_role', sql`(${table.teamId} is null) = (${table.teamRole} is null)`),
  ],
);

/** One way through an identity provider, from its start to its end, for one browser. Short-lived. */
export const signInFlows = pgTable(
  'sign_in_flows',
  {
    /** The hash of `state` (OIDC) or `RelayState` (SAML). */
    stateHash: bytes('state_hash').primaryKey(),
    organizationId: text('organization_id').notNull(),
    providerId: text('provider_id').notNull(),
    purpose: text('purpose', { enum: FLOW_PURPOSES }).notNull(),
    /** The hash of the cookie that the browser got at the start. */
    cookieHash: bytes('cookie_hash').notNull(),
    /** What the protocol must find again (nonce and verifier, or the request's id), sealed. */
    sealed: bytes('sealed').notNull(),
    /** The path of the console to open afterwards. */
    returnTo: text('return_to').notNull(),
    /** The account that links or tests; null for a sign-in. */
    accountId: text('account_id'),
    /** True if the provider was asked to have the person sign in again. */
    asksAgain: boolean('asks_again').notNull().default(false),
    /** The outcome, for a browser that fetches it (a SAML answer, a test); sealed. Null until then. */
    result: bytes('result'),
    usedAt: instant('used_at'),
    expiresAt: instant('expires_at').notNull(),
    createdAt: createdAt(),
  },
  (table) => [index('sign_in_flows_expires_at').on(table.expiresAt)],
);
