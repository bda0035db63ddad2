import { NameText } from '../../components/Named.tsx';
import type { Rule } from './rule-draft.ts';
import { words } from './words.ts';

/** Names the owner of a rule's keys. */
export function RuleOwner({ rule }: { rule: Rule }) {
  return rule.service_account_id === null ? words.theLinkedMember : <NameText id={rule.service_account_id} />;
}
