import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { pricesFrom, priceWords } from '../../components/money/price-draft.ts';
import { countText } from '../../numbers/numbers.ts';
import { hangupWords } from './BoundFields.tsx';
import { type DeploymentDraft, settingsOf } from './deployment-draft.ts';

/**
 * Returns the parts of a deployment that can be edited. An unchanged price is not sent, because each one sent becomes a new
 * version.
 */
export function deploymentParts(credentialName: (id: string) => string): readonly EditPart<DeploymentDraft>[] {
  return [
    {
      name: 'credential_id',
      label: 'Credential',
      body: ({ credential_id }) => ({ credential_id }),
      words: ({ credential_id: id }) => (id === null ? 'none' : credentialName(id)),
    },
    ...UPSTREAM_PARTS,
    ...ROUTING_PARTS,
    ...BOUND_PARTS,
    {
      name: 'enabled',
      label: 'Enabled',
      hasEffect: true,
      body: ({ enabled }) => ({ enabled }),
      words: ({ enabled }) => (enabled ? 'Yes: it gets requests' : 'No: it gets no requests'),
    },
  ];
}

/** The upstream model and its price. */
const UPSTREAM_PARTS: readonly EditPart<DeploymentDraft>[] = [
  {
    name: 'upstream_model',
    label: 'Upstream model',
    body: ({ upstream_model }) => ({ upstream_model: upstream_model.trim() }),
    words: ({ upstream_model }) => upstream_model,
  },
  {
    name: 'prices',
    label: 'Price',
    hasEffect: true,
    body: ({ prices }) => ({ prices: pricesFrom(prices) }),
    words: ({ prices }) => priceWords(prices),
  },
];

/** The settings that decide when the deployment is chosen. */
const ROUTING_PARTS: readonly EditPart<DeploymentDraft>[] = [
  {
    name: 'limits',
    label: 'Capacity',
    body: (draft) => ({ limits: settingsOf(draft).limits }),
    words: ({ limits: { rpm, tpm } }) => `Requests per minute: ${numberWords(rpm)}\nTokens per minute: ${numberWords(tpm)}`,
  },
  {
    name: 'tags',
    label: 'Routing tags',
    body: ({ tags }) => ({ tags }),
    words: ({ tags }) => (tags.length === 0 ? 'none' : tags.join(', ')),
  },
  {
    name: 'weight',
    label: 'Weight',
    body: (draft) => ({ weight: settingsOf(draft).weight }),
    words: (draft) => String(settingsOf(draft).weight),
  },
  {
    name: 'priority',
    label: 'Priority',
    body: (draft) => ({ priority: settingsOf(draft).priority }),
    words: (draft) => String(settingsOf(draft).priority),
  },
];

/** The bounds on one request, and what happens after a hang-up. */
const BOUND_PARTS: readonly EditPart<DeploymentDraft>[] = [
  {
    name: 'max_output_tokens',
    label: 'Maximum output tokens',
    body: (draft) => ({ max_output_tokens: settingsOf(draft).max_output_tokens }),
    words: ({ max_output_tokens: most }) => (most === '' ? 'not known' : countText(most)),
  },
  {
    name: 'max_searches',
    label: 'Searches per request',
    body: (draft) => ({ max_searches: settingsOf(draft).max_searches }),
    words: ({ max_searches: most }) => (most === '' ? 'not set' : countText(most)),
  },
  {
    name: 'max_part_tokens',
    label: 'Tokens per media part',
    body: (draft) => ({ max_part_tokens: settingsOf(draft).max_part_tokens }),
    words: ({ max_part_tokens: most }) => (most === '' ? 'not set' : countText(most)),
  },
  {
    name: 'on_hangup',
    label: 'When the caller hangs up',
    body: (draft) => ({ on_hangup: settingsOf(draft).on_hangup }),
    words: ({ on_hangup }) => hangupWords(on_hangup),
  },
  {
    name: 'timeout_seconds',
    label: 'Timeout',
    body: (draft) => ({ timeout_ms: settingsOf(draft).timeout_ms }),
    words: (draft) => `${settingsOf(draft).timeout_ms / 1_000} s`,
  },
];

function numberWords(value: number | ''): string {
  return value === '' ? 'not limited' : countText(value);
}
