import type { ConditionDraft } from './condition-draft.ts';
import type { IssuerDraft } from './issuer-draft.ts';

/** Starting points for the issuers that most workloads have. The guide on workload identity explains each. */
interface Preset {
  readonly value: string;
  readonly label: string;
  readonly issuer: Pick<IssuerDraft, 'name' | 'issuer' | 'key_source' | 'algorithms'>;
  readonly conditions: readonly Omit<ConditionDraft, 'row'>[];
}

const equals = (claim: string) => ({ claim, match: 'equals' as const, values: '' });

export const PRESETS: readonly Preset[] = [
  {
    value: 'github',
    label: 'GitHub Actions',
    issuer: {
      name: 'GitHub Actions',
      issuer: 'https://token.actions.githubusercontent.com',
      key_source: 'discovery',
      algorithms: ['RS256'],
    },
    conditions: [equals('repository_owner_id'), equals('repository_id'), equals('ref'), equals('environment')],
  },
  {
    value: 'kubernetes',
    label: 'Kubernetes',
    issuer: {
      name: 'Kubernetes',
      issuer: 'https://kubernetes.default.svc.cluster.local',
      key_source: 'pasted',
      algorithms: ['RS256'],
    },
    conditions: [equals('sub'), equals('/kubernetes.io/serviceaccount/uid')],
  },
  {
    value: 'aws',
    label: 'AWS',
    issuer: { name: 'AWS', issuer: '', key_source: 'discovery', algorithms: ['RS256', 'ES384'] },
    conditions: [equals('sub')],
  },
];
