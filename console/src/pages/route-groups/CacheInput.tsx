import type { GetInputPropsReturnType } from '@mantine/form';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import { words } from './words.ts';

const SECONDS_MAX = 86_400;

/** The seconds for which the exact cache may give an answer again, for a model and for a route group. Empty: it keeps none. */
export function CacheInput({ input }: { input: GetInputPropsReturnType }) {
  const { value, onChange, ...rest } = input;
  return (
    <WholeNumberInput
      label={words.cachedAnswers}
      description={words.cachedAnswersMean}
      placeholder={words.off}
      min={1}
      max={SECONDS_MAX}
      suffix={words.secondsAfter}
      value={value ?? ''}
      onChange={(seconds) => onChange?.(seconds === '' ? null : seconds)}
      {...rest}
    />
  );
}
