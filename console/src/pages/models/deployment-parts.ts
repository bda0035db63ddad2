import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { pricesFrom, priceWords } from '../../components/money/price-draft.ts';
import { countText, durationText } from '../../numbers/numbers.ts';
import { hangupWords } from './BoundFields.tsx';
import { type DeploymentDraft, settingsOf } from './deployment-draft.ts';
import { words } from './words.ts';

/**
 * Returns the parts of a deployment that can be edited. An unchanged price is not sent, because each one sent becomes a new
 * version.
 */
export function deploymentParts(credentialName: (id: string) => string): readonly EditPart<DeploymentDraft>[] {
  return [
    {
      name: 'credential_id',
      label: words.credential,
      words: ({ credential_id: id }) => (id === null ? words.none : credentialName(id)),
    },
    ...UPSTREAM_PARTS,
    ...ROUTING_PARTS,
    ...BOUND_PARTS,
    {
      name: 'enabled',
      label: words.enabled,
      hasEffect: true,
      words: ({ enabled }) => (enabled ? words.getsRequests : words.getsNoRequests),
    },
  ];
}

/** The upstream model and its price. */
const UPSTREAM_PARTS: readonly EditPart<DeploymentDraft>[] = [
  {
    name: 'upstream_model',
    label: words.upstreamModel,
    body: ({ upstream_model }) => ({ upstream_model: upstream_model.trim() }),
    words: ({ upstream_model }) => upstream_model,
  },
  {
    name: 'prices',
    label: words.price,
    hasEffect: true,
    body: ({ prices }) => ({ prices: pricesFrom(prices) }),
    words: ({ prices }) => priceWords(prices),
  },
];

/** The settings that decide when the deployment is chosen. */
const ROUTING_PARTS: readonly EditPart<DeploymentDraft>[] = [
  setting('limits', words.capacity, ({ limits: { rpm, tpm } }) => words.capacityPerMinute(numberWords(rpm), numberWords(tpm))),
  { name: 'tags', label: words.routingTags, words: ({ tags }) => (tags.length === 0 ? words.none : tags.join(', ')) },
  setting('weight', words.weight, (draft) => String(settingsOf(draft).weight)),
  setting('priority', words.priority, (draft) => String(settingsOf(draft).priority)),
];

/** The bounds on one request, and what happens after a hang-up. */
const BOUND_PARTS: readonly EditPart<DeploymentDraft>[] = [
  setting('max_output_tokens', words.maximumOutputTokens, ({ max_output_tokens: most }) => boundWords(most, words.notKnown)),
  setting('context_window', words.contextWindow, ({ context_window: most }) => boundWords(most, words.notSet)),
  setting('max_searches', words.searchesPerRequest, ({ max_searches: most }) => boundWords(most, words.notSet)),
  setting('max_part_tokens', words.tokensPerMediaPart, ({ max_part_tokens: most }) => boundWords(most, words.notSet)),
  setting('on_hangup', words.onHangup, ({ on_hangup }) => hangupWords(on_hangup)),
  setting('output_cap_field', words.outputCapField, ({ output_cap_field }) => output_cap_field || words.newerName),
  {
    name: 'timeout_seconds',
    label: words.timeout,
    body: (draft) => ({ timeout_ms: settingsOf(draft).timeout_ms }),
    words: (draft) => durationText(settingsOf(draft).timeout_ms),
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
  return value === '' ? words.notLimited : countText(value);
}
