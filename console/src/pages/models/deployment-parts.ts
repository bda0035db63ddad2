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
      words: ({ credential_id: id }) => (id === null ? 'none' : credentialName(id)),
    },
    ...UPSTREAM_PARTS,
    ...ROUTING_PARTS,
    ...BOUND_PARTS,
    {
      name: 'enabled',
      label: 'Enabled',
      hasEffect: true,
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
  setting(
    'limits',
    'Capacity',
    ({ limits: { rpm, tpm } }) => `Requests per minute: ${numberWords(rpm)}\nTokens per minute: ${numberWords(tpm)}`,
  ),
  { name: 'tags', label: 'Routing tags', words: ({ tags }) => (tags.length === 0 ? 'none' : tags.join(', ')) },
  setting('weight', 'Weight', (draft) => String(settingsOf(draft).weight)),
  setting('priority', 'Priority', (draft) => String(settingsOf(draft).priority)),
];

/** The bounds on one request, and what happens after a hang-up. */
const BOUND_PARTS: readonly EditPart<DeploymentDraft>[] = [
  setting('max_output_tokens', 'Maximum output tokens', ({ max_output_tokens: most }) => boundWords(most, 'not known')),
  setting('max_searches', 'Searches per request', ({ max_searches: most }) => boundWords(most, 'not set')),
  setting('max_part_tokens', 'Tokens per media part', ({ max_part_tokens: most }) => boundWords(most, 'not set')),
  setting('on_hangup', 'When the caller hangs up', ({ on_hangup }) => hangupWords(on_hangup)),
  {
    name: 'timeout_seconds',
    label: 'Timeout',
    body: (draft) => ({ timeout_ms: settingsOf(draft).timeout_ms }),
    words: (draft) => `${settingsOf(draft).timeout_ms / 1_000} s`,
  },
];

type Setting = keyof DeploymentDraft & keyof ReturnType<typeof settingsOf>;

function setting(name: Setting, label: string, words: (draft: DeploymentDraft) => string): EditPart<DeploymentDraft> {
  return { name, label, words, body: (draft) => ({ [name]: settingsOf(draft)[name] }) };
}

function boundWords(most: number | '', none: string): string {
  return most === '' ? none : countText(most);
}

function numberWords(value: number | ''): string {
  return value === '' ? 'not limited' : countText(value);
}
