import { Stack } from '@mantine/core';
import type { Schema } from '../api/client.ts';
import type { Bound } from './bind.ts';
import { RadioChoices } from './RadioChoices.tsx';
import { words } from './words.ts';

/** The settings of an organization's stored responses, as the API names them. */
export type ResponsesDraft = Pick<Schema<'Organization'>, 'responses_storage' | 'responses_scope'>;

export const NO_RESPONSES: ResponsesDraft = { responses_storage: 'off', responses_scope: 'team' };

const STORAGE = [
  { value: 'off', label: words.off, about: words.noResponsesMeans },
  { value: 'keep', label: words.keep30Days, about: words.keep30DaysMeans },
] as const;

const SCOPES = [
  { value: 'key', label: words.theSameKey, about: words.theSameKeyMeans },
  { value: 'team', label: words.theSameTeam, about: words.theSameTeamMeans },
  { value: 'organization', label: words.wholeOrganization, about: words.wholeOrganizationMeans },
] as const;

interface ResponsesFieldsProps {
  readonly storage: Bound<ResponsesDraft['responses_storage']>;
  readonly scope: Bound<ResponsesDraft['responses_scope']>;
  readonly disabled: boolean;
}

/** Edits whether answers of the Responses API are stored, and whose keys find them. */
export function ResponsesFields({ storage, scope, disabled }: ResponsesFieldsProps) {
  return (
    <Stack gap="md">
      <RadioChoices of={storage} label={words.answersOfResponses} choices={STORAGE} disabled={disabled} />
      <RadioChoices of={scope} label={words.whoFindsThem} choices={SCOPES} disabled={disabled || storage.value === 'off'} />
    </Stack>
  );
}

export type FilesDraft = Pick<Schema<'Organization'>, 'batches' | 'files_scope'>;

const FILE_SCOPES = [
  { value: 'key', label: words.theSameKey, about: words.theSameKeyUploaded },
  { value: 'team', label: words.theSameTeam, about: words.theSameTeamUploaded },
  { value: 'organization', label: words.wholeOrganization, about: words.wholeOrganizationMeans },
] as const;

const BATCHES = [
  { value: 'on', label: words.batchesOn, about: words.batchesOnMeans },
  { value: 'off', label: words.batchesOff, about: words.batchesOffMeans },
] as const;

interface FilesFieldsProps {
  readonly batches: Bound<FilesDraft['batches']>;
  readonly scope: Bound<FilesDraft['files_scope']>;
  readonly disabled: boolean;
}

/** Edits whether files and batches are allowed, and whose keys find them. */
export function FilesFields({ batches, scope, disabled }: FilesFieldsProps) {
  return (
    <Stack gap="md">
      <RadioChoices of={batches} label={words.filesAndBatches} choices={BATCHES} disabled={disabled} />
      <RadioChoices of={scope} label={words.whoFindsFiles} choices={FILE_SCOPES} disabled={disabled || batches.value === 'off'} />
    </Stack>
  );
}

const END_USERS = [
  { value: 'hashed', label: words.endUsersHashed, about: words.endUsersHashedMeans },
  { value: 'kept', label: words.endUsersKept, about: words.endUsersKeptMeans },
  { value: 'off', label: words.endUsersOff, about: words.endUsersOffMeans },
] as const;

/** Edits how the end users that callers name are stored. */
export function EndUsersFields({
  of,
  disabled,
}: {
  readonly of: Bound<Schema<'Organization'>['end_users']>;
  readonly disabled: boolean;
}) {
  return <RadioChoices of={of} label={words.endUsersOfRequests} choices={END_USERS} disabled={disabled} />;
}
