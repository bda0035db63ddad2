import type { Schema } from '../api/client.ts';
import type { Bound } from './bind.ts';
import { RadioChoices } from './RadioChoices.tsx';
import { words } from './words.ts';

const CHOICES = [
  { value: 'refuse', label: words.mirroringRefused, about: words.mirroringRefusedMeans },
  { value: 'allow', label: words.mirroringAllowed, about: words.mirroringAllowedMeans },
] as const;

interface MirroringFieldsProps {
  readonly of: Bound<Schema<'Organization'>['mirroring']>;
  readonly disabled: boolean;
}

/** Edits whether copies of requests may go to mirrors. */
export function MirroringFields({ of, disabled }: MirroringFieldsProps) {
  return <RadioChoices of={of} label={words.copiesOfRequests} choices={CHOICES} disabled={disabled} />;
}
