import type { Command } from './command.ts';
import { auditCommands } from './commands/audit.ts';
import { keyCommands } from './commands/keys.ts';
import { ledgerCommands } from './commands/ledger.ts';
import { organizationCommands } from './commands/organizations.ts';
import { usageCommands } from './commands/usage.ts';

/** Every command that uses the admin API. */
export const COMMANDS: readonly Command[] = [
  ...organizationCommands,
  ...keyCommands,
  ...usageCommands,
  ...ledgerCommands,
  ...auditCommands,
];

/** Commands that only start the server's code. main.ts runs them. */
export type ServerCommand = 'serve' | 'seed';

/** Returns the server command of a command line; null for any other command and for help. An empty command line is `serve`. */
export function serverCommandOf(argv: readonly string[]): ServerCommand | null {
  const [first = 'serve'] = argv;
  return (first === 'serve' || first === 'seed') && !argv.includes('--help') ? first : null;
}

/** Commands that run the server's own code on the data directory and database of the settings. */
export const SERVER_COMMANDS = [
  { words: ['serve'], operands: [], summary: 'the gateway, its admin API and the console' },
  { words: ['seed'], operands: [], summary: 'load-size data' },
  { words: ['first-admin-link'], operands: [], summary: 'a new link that makes the first platform admin' },
  { words: ['reset-second-factor'], operands: ['e-mail'], summary: 'take an account’s second factors away' },
  { words: ['admin-token'], operands: [], summary: 'a new platform admin token, shown once' },
  {
    words: ['admin-tokens', 'adopt'],
    operands: ['id'],
    summary: 'take an admin token that nobody owns over, for the installation',
  },
  {
    words: ['rotate-master-key'],
    operands: [],
    summary: 'another master key, in two runs; --renew-pepper renews the pepper with it, --undo gives the first run up',
  },
  { words: ['replace-lost-master-key'], operands: [], summary: 'go on after the master key was lost; see the guide first' },
  { words: ['move'], operands: [], summary: 'the embedded database into the PostgreSQL of DATABASE_URL' },
] as const;

/** Flags that every command of COMMANDS takes. */
export const COMMON_FLAGS = [
  { name: 'url', value: 'address', about: 'the gateway, HEADGATE_URL or http://127.0.0.1:4000 unless said' },
  { name: 'token-file', value: 'file', about: 'holds the admin token, HEADGATE_ADMIN_TOKEN unless said' },
  { name: 'json', value: null, about: 'the answer as JSON' },
  { name: 'help', value: null, about: 'what the command takes' },
] as const;

/** The commands of SERVER_COMMANDS by which an operator restores access. */
const RECOVERY_COMMANDS = ['first-admin-link', 'reset-second-factor', 'admin-token', 'admin-tokens adopt'] as const;
export type RecoveryCommand = (typeof RECOVERY_COMMANDS)[number];

/** Returns the recovery command of a command line; null for any other. */
export function recoveryCommandOf(argv: readonly string[]): RecoveryCommand | null {
  return RECOVERY_COMMANDS.find((name) => name.split(' ').every((word, at) => argv[at] === word)) ?? null;
}
