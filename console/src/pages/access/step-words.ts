export type Level = 'organization' | 'team' | 'user' | 'key';

export interface Step {
  readonly level: Level;
  readonly through: string | null;
  readonly access_group: string | null;
}

const LEVEL_WORDS: Readonly<Record<Level, string>> = { organization: 'organization', team: 'team', user: 'member', key: 'key' };

/** Returns the name of a level: `Organization`, `Member`. The user scope is called member. */
export function levelName(level: Level): string {
  const word = LEVEL_WORDS[level];
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Says how one level passes a target, or that it does not. */
export function stepWords({ through, access_group: group }: Pick<Step, 'through' | 'access_group'>): string {
  switch (through) {
    case null:
      return 'excluded';
    case 'all':
      return 'everything is granted';
    case 'inherited':
      return 'inherits';
    case 'access_group':
      return `access group ${group ?? ''}`;
    default:
      return 'granted by name';
  }
}

/** Names a grant and its level: `access group support, at the organization`. */
export function grantWords(grant: Step | null): string {
  if (grant === null) return '–';
  return `${stepWords(grant)}, at the ${LEVEL_WORDS[grant.level]}`;
}

/** Explains in a sentence why a target cannot be called, with the level that removed it. */
export function removedWords(level: Level | null): string {
  switch (level) {
    case null:
      return 'The organization is not granted a target with this name.';
    case 'organization':
      return 'The organization is not granted it.';
    case 'team':
      return 'The organization is granted it, but the team’s restriction excludes it.';
    case 'user':
      return 'The team has it, but the restriction of the key’s owner excludes it.';
    case 'key':
      return 'The levels above allow it, but the key’s own restriction excludes it.';
  }
}
