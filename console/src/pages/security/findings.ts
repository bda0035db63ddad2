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
    meaning:
      'A platform admin gave their word for these addresses. No e-mail proved them, so an account may belong to someone else.',
    advice:
      'Check that you know each person. A password reset by e-mail proves the address. Remove whoever does not belong here.',
    none: 'Nobody acts here on a platform admin’s word alone.',
  },
  {
    name: 'password_only',
    title: 'People without a second factor',
    count: ({ password_only }) => password_only,
    meaning: 'Their password alone signs them in. Whoever learns it can do everything that their role allows.',
    advice: 'Ask each person to add an authenticator app in their profile. Remove whoever does not need access any more.',
    none: 'Nobody signs in with a password alone.',
  },
  {
    name: 'unowned_tokens',
    title: 'Admin tokens without an owner',
    count: ({ unowned_admin_tokens }) => unowned_admin_tokens,
    meaning: 'Nobody answers for these tokens. Each one stops working on the date shown.',
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
    meaning: 'These keys still work, and nobody has used them for 90 days. Nobody may notice when one of them leaks.',
    advice: 'Disable a key first. If nobody misses it, revoke it.',
    none: 'Every working key was used or made in the last 90 days.',
  },
];
