import type { Schema } from '../../api/client.ts';

type Summary = Schema<'SecuritySummary'>;
export type FindingName = 'vouched_for' | 'password_only' | 'unowned_tokens' | 'plain_targets' | 'unused_keys';

/** One kind of finding: its meaning and its remedy. */
export interface Finding {
  readonly name: FindingName;
  readonly title: string;
  readonly count: (summary: Summary) => number | string;
  /** The text if there are findings. */
  readonly meaning: string;
  readonly advice: string;
  /** The text if there are none. */
  readonly none: string;
}

/** The findings in the order of the page: people, admin tokens, models, keys. */
export const FINDINGS: readonly Finding[] = [
  {
    name: 'vouched_for',
    title: 'People whose address was vouched for',
    count: ({ vouched_for }) => vouched_for,
    meaning: 'A platform admin vouched for these addresses. No e-mail proved them, so an account may belong to someone else.',
    advice:
      'Check that you know each person. A password reset by e-mail proves the address. Remove everyone who does not belong here.',
    none: 'No member’s address depends on the word of a platform admin alone.',
  },
  {
    name: 'password_only',
    title: 'People without a second factor',
    count: ({ password_only }) => password_only,
    meaning: 'Their password alone signs them in. Anyone who learns it can do everything that their role allows.',
    advice: 'Ask each person to add an authenticator app in their profile. Remove everyone who no longer needs access.',
    none: 'No one signs in with a password alone.',
  },
  {
    name: 'unowned_tokens',
    title: 'Admin tokens without an owner',
    count: ({ unowned_admin_tokens }) => unowned_admin_tokens,
    meaning: 'No one is responsible for these tokens. Each one stops working on the date shown.',
    advice: 'Take over the tokens that are still needed, and revoke the others.',
    none: 'Every admin token has an owner.',
  },
  {
    name: 'plain_targets',
    title: 'Models called without encryption',
    count: ({ plain_targets }) => plain_targets,
    meaning:
      'A provider of these models has an http:// address. Prompts, answers and the provider’s key cross the network unencrypted.',
    advice: 'The provider’s credential needs an https:// address. Platform admins change it under Credentials.',
    none: 'Every model that this organization can call is reached over https:// or inside a trusted network.',
  },
  {
    name: 'unused_keys',
    title: 'Keys unused for 90 days',
    count: ({ unused_keys }) => unused_keys,
    meaning: 'These keys still work, but no one has used them for 90 days. If one of them leaks, no one may notice.',
    advice: 'Disable a key first. If no one misses it, revoke it.',
    none: 'Every working key was used or created in the last 90 days.',
  },
];
