import { words } from './words.ts';

export type Level = 'organization' | 'team' | 'user' | 'key';

export interface Step {
  readonly level: Level;
  readonly through: string | null;
  readonly access_group: string | null;
}

const LEVEL_WORDS: Readonly<Record<Level, string>> = {
  organization: words.organizationLevel,
  team: words.teamLevel,
  user: words.member,
  key: 'key',
};

/** Returns the name of a level: `Organization`, `Member`. The user scope is called member. */
export function levelName(level: Level): string {
  const word = LEVEL_WORDS[level];
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Says how one level passes a target, or that it does not. */
export function stepWords({ through, access_group: group }: Pick<Step, 'through' | 'access_group'>): string {
  switch (through) {
    case null:
      return words.excluded;
    case 'all':
      return words.everythingIsGranted;
    case 'inherited':
      return words.inherits;
    case 'access_group':
      return words.accessGroup(group ?? '');
    default:
      return words.grantedByName;
  }
}

/** Names a grant and its level: `access group support, at the organization`. */
export function grantWords(grant: Step | null): string {
  if (grant === null) return '–';
  return words.grantAtLevel(stepWords(grant), LEVEL_WORDS[grant.level]);
}

/** Explains in a sentence why a target cannot be called, with the level that removed it. */
export function removedWords(level: Level | null): string {
  switch (level) {
    case null:
      return words.notGrantedByName;
    case 'organization':
      return words.notGranted;
    case 'team':
      return words.teamExcludes;
    case 'user':
      return words.ownerExcludes;
    case 'key':
      return words.keyExcludes;
  }
}
