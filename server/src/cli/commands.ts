import { agentCommands } from './agents/commands.ts';
import type { ArchiveCommand } from './archive.ts';
import type { Command, CommandLine, Given } from './command.ts';
import type { CommandIo } from './command-io.ts';
import { auditCommands } from './commands/audit.ts';
import { domainCommands } from './commands/domains.ts';
import { groupMappingCommands } from './commands/group-mappings.ts';
import { identityLinkCommands } from './commands/identity-links.ts';
import { identityProviderChangeCommands } from './commands/identity-provider-change.ts';
import { identityProviderCommands } from './commands/identity-providers.ts';
import { keyCommands } from './commands/keys.ts';
import { knownModelCommands } from './commands/known-models.ts';
import { ledgerCommands } from './commands/ledger.ts';
import { loginPolicyCommands } from './commands/login-policy.ts';
import { loginListCommands } from './commands/logins.ts';
import { managedSettingsCommands } from './commands/managed-settings.ts';
import { memberCommands } from './commands/members.ts';
import { mirrorCommands } from './commands/mirrors.ts';
import { organizationCommands } from './commands/organizations.ts';
import { ownProviderCommands } from './commands/own-providers.ts';
import { presetCommands } from './commands/presets.ts';
import { priceListCommands } from './commands/price-lists.ts';
import { scimCommands } from './commands/scim.ts';
import { signInPolicyCommands } from './commands/sign-in-policy.ts';
import { statementCommands } from './commands/statements.ts';
import { trustCheckCommands } from './commands/trust-check.ts';
import { trustIssuerCommands } from './commands/trust-issuers.ts';
import { trustRuleCommands } from './commands/trust-rules.ts';
import { usageCommands } from './commands/usage.ts';
import { loginCommands } from './login/commands.ts';
import type { LoginCommand } from './login/login-command.ts';
import type { RecoveryCommand } from './recovery.ts';

/** Every command that uses the admin API. */
export const COMMANDS: readonly Command[] = [
  ...organizationCommands,
  ...memberCommands,
  ...ownProviderCommands,
  ...keyCommands,
  ...usageCommands,
  ...statementCommands,
  ...knownModelCommands,
  ...priceListCommands,
  ...ledgerCommands,
  ...mirrorCommands,
  ...presetCommands,
  ...auditCommands,
  ...domainCommands,
  ...identityProviderCommands,
  ...identityProviderChangeCommands,
  ...signInPolicyCommands,
  ...groupMappingCommands,
  ...identityLinkCommands,
  ...scimCommands,
  ...loginListCommands,
  ...loginPolicyCommands,
  ...managedSettingsCommands,
  ...trustIssuerCommands,
  ...trustRuleCommands,
  ...trustCheckCommands,
];

/** Commands that only start the server's code. main.ts runs them. */
export type ServerCommand = 'serve' | 'seed';

/** Returns the server command of a command line; null for any other command and for help. An empty command line is `serve`. */
export function serverCommandOf(argv: readonly string[]): ServerCommand | null {
  const [first = 'serve'] = argv;
  return (first === 'serve' || first === 'seed') && !argv.includes('--help') ? first : null;
}

/** Runs a command on the data directory and database of the settings, which are flags for `readConfig`. */
type RunOnDatabase = (given: Given, settings: readonly string[], io: CommandIo) => Promise<void>;

// Each command loads the server's code when it runs, because commands over HTTP do without.
const recovery =
  (name: RecoveryCommand): RunOnDatabase =>
  async (...asked) =>
    (await import('./recovery.ts')).recover(name, ...asked);

const archives =
  (name: ArchiveCommand): RunOnDatabase =>
  async (...asked) =>
    (await import('./archive.ts')).runOnArchives(name, ...asked);

const JSON_FLAG = { name: 'json', value: null, about: 'the result as JSON' };

/** Commands that run the server's own code on the data directory and database of the settings. main.ts runs those without `run`. */
export const SERVER_COMMANDS: readonly (CommandLine & { readonly run?: RunOnDatabase })[] = [
  { words: ['serve'], summary: 'the gateway, its admin API and the console (also without any word)' },
  {
    words: ['seed'],
    summary: 'load-size data',
    flags: ['organizations', 'keys', 'requests', 'days'].map((name) => ({ name, value: 'n', about: `how many ${name}` })),
  },
  {
    words: ['first-admin-link'],
    summary: 'a new link that makes the first platform admin',
    run: recovery('first-admin-link'),
  },
  {
    words: ['reset-second-factor'],
    summary: 'take an account’s second factors away',
    operands: ['e-mail'],
    run: recovery('reset-second-factor'),
  },
  { words: ['admin-token'], summary: 'a new platform admin token, shown once', run: recovery('admin-token') },
  {
    words: ['admin-tokens', 'adopt'],
    summary: 'take an admin token that nobody owns over, for the installation',
    operands: ['id'],
    run: recovery('admin-tokens adopt'),
  },
  {
    words: ['sso', 'release'],
    summary: 'stop requiring the identity provider of an organization',
    operands: ['organization'],
    run: recovery('sso release'),
  },
  {
    words: ['rotate-master-key'],
    summary: 'another master key, in two runs',
    flags: [
      { name: 'renew-pepper', value: null, about: 'renew the pepper as well' },
      { name: 'undo', value: null, about: 'give the first run up' },
    ],
    notes: [
      'The first run reads the new key from one of these environment variables, which have no flags:',
      '  HEADGATE_NEW_MASTER_KEY          32 bytes in base64',
      '  HEADGATE_NEW_MASTER_KEY_FILE     a file that contains them',
      '  HEADGATE_NEW_MASTER_KEY_COMMAND  a command that prints them',
      'Without one, if the key is in the data directory, the new key is made there.',
    ],
    run: async (...asked) => (await import('./rotate-master-key.ts')).rotateMasterKey(...asked),
  },
  {
    words: ['replace-lost-master-key'],
    summary: 'go on after the master key was lost; see the guide first',
    flags: [{ name: 'yes', value: null, about: 'do it; it cannot be undone' }],
    run: async (...asked) => (await import('./replace-lost-master-key.ts')).replaceLostMasterKey(...asked),
  },
  {
    words: ['move'],
    summary: 'the embedded database into the PostgreSQL of DATABASE_URL',
    run: async (...asked) => (await import('./move.ts')).move(...asked),
  },
  {
    words: ['archive', 'verify'],
    summary: 'read every archive of the request log, and compare it with its manifest and the audit log',
    flags: [
      { name: 'files-only', value: null, about: 'do without the database' },
      { name: 'ledger', value: null, about: 'also add up every sealed month of the ledger' },
    ],
    run: archives('verify'),
  },
  {
    words: ['archive', 'restore'],
    summary: 'an archive into a table of the schema headgate_archive',
    operands: ['archive'],
    flags: [{ name: 'drop', value: null, about: 'drop that table again' }],
    run: archives('restore'),
  },
  {
    words: ['archive', 'show'],
    summary: 'one request, from the archives',
    flags: [{ name: 'request', value: 'id', about: 'the id of the request' }],
    run: archives('show'),
  },
  {
    words: ['config', 'check'],
    summary: 'the settings in force, where each comes from, and what is risky in production',
    flags: [JSON_FLAG],
    run: async (...asked) => (await import('./checks/config-check.ts')).configCheck(...asked),
  },
  {
    words: ['doctor'],
    summary: 'what the gateway needs: database, Redis, disk, limits, clocks, proxies, certificates',
    flags: [JSON_FLAG],
    run: async (...asked) => (await import('./checks/doctor.ts')).doctor(...asked),
  },
  {
    words: ['support-bundle'],
    summary: 'one file for somebody who helps, without secrets',
    flags: [
      { name: 'out', value: 'file', about: 'the file to write; headgate-support-<time>.tar.gz unless said' },
      { name: 'log-file', value: 'file', about: 'the log: its last 2,000 lines are in the bundle' },
    ],
    run: async (...asked) => (await import('./checks/support-bundle.ts')).supportBundle(...asked),
  },
  {
    words: ['upgrade'],
    summary: 'what a start of this version would do to the database, with --check',
    flags: [{ name: 'check', value: null, about: 'say it, and change nothing' }, JSON_FLAG],
    run: async (...asked) => (await import('./checks/upgrade-check.ts')).upgradeCheck(...asked),
  },
];

/** Commands of a person who calls models, with their own login. */
export const LOGIN_COMMANDS: readonly LoginCommand[] = [...loginCommands, ...agentCommands];

/** Flags that every command of COMMANDS takes. */
export const COMMON_FLAGS = [
  { name: 'url', value: 'address', about: 'the gateway, HEADGATE_URL or http://127.0.0.1:4000 unless said' },
  { name: 'token-file', value: 'file', about: 'holds the admin token, HEADGATE_ADMIN_TOKEN unless said' },
  { name: 'json', value: null, about: 'the answer as JSON' },
] as const;
