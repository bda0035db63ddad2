import { Alert, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { fieldErrorsOf } from '../../../api/field-errors.ts';
import { effectOfPolicy } from '../../../api/identity.ts';
import { ProblemNote } from '../../../components/Asked.tsx';
import { words } from '../words.ts';
import { bodyOf, type PolicyDraft } from './policy-draft.ts';

const TYPING_MS = 500;

interface PolicyEffectProps {
  readonly organizationId: string;
  readonly draft: PolicyDraft;
  /** False while nothing changed, or while the form itself says what is missing. */
  readonly isAsked: boolean;
  /** Told true until the effect of the present choice is shown. */
  readonly onWaiting: (isWaiting: boolean) => void;
}

/** Shows before saving whom the policy would concern, or why it cannot be saved. */
export function PolicyEffect({ organizationId, draft, isAsked, onWaiting }: PolicyEffectProps) {
  const isComplete = draft.evidence_hours !== '' && (draft.sign_in === 'any' || draft.break_glass.length > 0);
  const present = JSON.stringify(bodyOf(draft));
  const [text] = useDebouncedValue(present, TYPING_MS);
  const effect = useQuery({
    queryKey: ['effect', 'sign-in-policy', organizationId, text],
    queryFn: () => effectOfPolicy(organizationId, JSON.parse(text)),
    enabled: isAsked && isComplete,
    retry: false,
  });
  const isWaiting = isAsked && isComplete && (text !== present || effect.isFetching);
  useEffect(() => onWaiting(isWaiting), [onWaiting, isWaiting]);
  if (!isAsked || !isComplete) return null;
  if (isWaiting)
    return (
      <Text fz="sm" c="dimmed" aria-live="polite">
        {words.computingEffect}
      </Text>
    );
  if (effect.isError) {
    const faults = Object.values(fieldErrorsOf(effect.error));
    return faults.length === 0 ? (
      <ProblemNote error={effect.error} />
    ) : (
      <Alert color="red" role="alert" title={words.cannotBeSaved}>
        {faults.join(' ')}
      </Alert>
    );
  }
  if (effect.data === undefined) return null;
  const { members, members_without_link: unlinked } = effect.data;
  return (
    <Alert color={draft.sign_in === 'sso' && unlinked > 0 ? 'yellow' : 'gray'} title={words.effect}>
      <Stack gap={4}>
        {draft.sign_in === 'sso' && <Text fz="sm">{words.effectOf(members, unlinked)}</Text>}
        <Text fz="sm">{words.effectOnBrowsers}</Text>
      </Stack>
    </Alert>
  );
}
