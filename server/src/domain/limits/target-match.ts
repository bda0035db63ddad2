import type { TargetMatch } from './rate-limit.ts';

/** Reports whether a limit's or budget's target covers a called name. The serving deployment plays no part. */
export function matches(match: TargetMatch, calledName: string, accessGroupsOfName: ReadonlySet<string>): boolean {
  switch (match.is) {
    case 'any':
    case 'tag':
    case 'end_user':
      return true;
    case 'exact':
      return match.name === calledName;
    case 'prefix':
      return calledName.startsWith(match.prefix);
    case 'access_group':
      return accessGroupsOfName.has(match.key);
  }
}

/** Returns a target as people write it: `gpt-5-nano`, `gpt-5*`, `@beta`, `tag=research`, `end_user=*`; empty for every name. */
export function targetText(match: TargetMatch): string {
  switch (match.is) {
    case 'any':
      return '';
    case 'exact':
      return match.name;
    case 'prefix':
      return `${match.prefix}*`;
    case 'access_group':
      return `@${match.key}`;
    case 'tag':
      return `tag=${match.tag}`;
    // Never the name: decisions, headers and messages say the rule, which is the same for each end user.
    case 'end_user':
      return 'end_user=*';
  }
}

/** Returns the `param` of a refusal: the rule without its target or budget. `key_tpm:gpt-5*` → `key_tpm`. */
export function paramOfRule(rule: { readonly id: string }): string {
  const colon = rule.id.indexOf(':');
  return colon === -1 ? rule.id : rule.id.slice(0, colon);
}
