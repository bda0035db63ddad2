import { Radio, Stack } from '@mantine/core';
import type { Schema } from '../api/client.ts';
import { errorAt } from './bind.ts';
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
  readonly value: ResponsesDraft;
  readonly onChange: <Name extends keyof ResponsesDraft>(name: Name, value: ResponsesDraft[Name]) => void;
  readonly errors: Readonly<Record<string, unknown>>;
  readonly disabled: boolean;
}

/** Edits whether answers of the Responses API are stored, and whose keys find them. */
export function ResponsesFields({ value, onChange, errors, disabled }: ResponsesFieldsProps) {
  return (
    <Stack gap="md">
      <Radio.Group
        label={words.answersOfResponses}
        value={value.responses_storage}
        onChange={(storage) => onChange('responses_storage', storage as ResponsesDraft['responses_storage'])}
        error={errorAt(errors, 'responses_storage')}
      >
        <Stack gap="xs" mt={6}>
          {STORAGE.map((choice) => (
            <Radio key={choice.value} value={choice.value} label={choice.label} description={choice.about} disabled={disabled} />
          ))}
        </Stack>
      </Radio.Group>
      <Radio.Group
        label={words.whoFindsThem}
        value={value.responses_scope}
        onChange={(scope) => onChange('responses_scope', scope as ResponsesDraft['responses_scope'])}
        error={errorAt(errors, 'responses_scope')}
      >
        <Stack gap="xs" mt={6}>
          {SCOPES.map((choice) => (
            <Radio
              key={choice.value}
              value={choice.value}
              label={choice.label}
              description={choice.about}
              disabled={disabled || value.responses_storage === 'off'}
            />
          ))}
        </Stack>
      </Radio.Group>
    </Stack>
  );
}
