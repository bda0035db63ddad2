/** The managed settings of Claude Code: of an organization, and of one of its teams. The organization's win. */
import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../audit/audit-chain.ts';

export type Settings = Readonly<Record<string, unknown>>;

/** The most bytes of settings, as JSON. */
export const SETTINGS_BYTES_MAX = 262_144;

/** Lays the organization's settings over the team's. Objects are joined field by field; of anything else the organization's counts. */
export function joinedSettings(organization: Settings | null, team: Settings | null): Settings | null {
  if (organization === null || team === null) return organization ?? team;
  return over(organization, team);
}

function over(above: Settings, below: Settings): Settings {
  const joined: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(below)) joined[name] = value;
  for (const [name, value] of Object.entries(above)) {
    const beneath = joined[name];
    joined[name] = isSettings(value) && isSettings(beneath) ? over(value, beneath) : value;
  }
  return { ...joined };
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the checksum that the client computes too: over the settings without white space, with sorted names at every level. */
export function checksumOf(settings: Settings): string {
  return `sha256:${createHash('sha256')
    .update(canonicalJson(settings as Json))
    .digest('hex')}`;
}

/** A part of settings that runs programs on people's machines, or sends what they do elsewhere. */
export interface RiskyPart {
  /** The path of the field, `hooks.PreToolUse`. */
  readonly path: string;
  readonly why: 'runs_command' | 'sets_environment' | 'loosens_permissions';
}

const COMMANDS = [
  'hooks',
  'apiKeyHelper',
  'awsAuthRefresh',
  'awsCredentialExport',
  'otelHeadersHelper',
  'statusLine',
  'fileSuggestion',
];
const PARTS_MAX = 100;

/** Returns the parts that whoever saves the settings should look at twice, at most 100. */
export function riskyParts(settings: Settings): readonly RiskyPart[] {
  const parts: RiskyPart[] = [];
  for (const name of COMMANDS) {
    const value = settings[name];
    if (value === undefined || value === null) continue;
    if (name !== 'hooks' || !isSettings(value)) parts.push({ path: name, why: 'runs_command' });
    else for (const event of Object.keys(value)) parts.push({ path: `hooks.${event}`, why: 'runs_command' });
  }
  if (isSettings(settings.mcpServers))
    for (const name of Object.keys(settings.mcpServers)) parts.push({ path: `mcpServers.${name}`, why: 'runs_command' });
  if (isSettings(settings.env))
    for (const name of Object.keys(settings.env)) parts.push({ path: `env.${name}`, why: 'sets_environment' });
  const permissions = settings.permissions;
  if (isSettings(permissions) && permissions.defaultMode === 'bypassPermissions')
    parts.push({ path: 'permissions.defaultMode', why: 'loosens_permissions' });
  return parts.slice(0, PARTS_MAX);
}
