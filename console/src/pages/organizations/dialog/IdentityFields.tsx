import { Select, SimpleGrid, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';
import { slugOf } from '../../../forms/slug.ts';
import { words } from '../words.ts';
import type { OrganizationDraft } from './organization-draft.ts';

interface IdentityFieldsProps {
  readonly form: UseFormReturnType<OrganizationDraft>;
  readonly isNew: boolean;
  readonly mayProfile: boolean;
  readonly mayCap: boolean;
}

const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

/** Name, slug and time zone. The slug of a new organization follows its name until somebody types one. */
export function IdentityFields({ form, isNew, mayProfile, mayCap }: IdentityFieldsProps) {
  const [isSlugTyped, setSlugTyped] = useState(!isNew);
  const name = form.getInputProps('name');
  const slug = form.getInputProps('slug');
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }}>
      <TextInput
        {...name}
        data-autofocus
        label={words.name}
        required
        maxLength={200}
        disabled={!mayProfile}
        onChange={(event) => {
          name.onChange(event);
          if (!isSlugTyped) form.setFieldValue('slug', slugOf(event.currentTarget.value));
        }}
      />
      <TextInput
        {...slug}
        label={words.slug}
        description={words.slugMeans}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        required
        maxLength={63}
        disabled={!mayProfile}
        onChange={(event) => {
          setSlugTyped(true);
          slug.onChange(event);
        }}
      />
      <TimeZoneField form={form} disabled={!mayCap} />
    </SimpleGrid>
  );
}

/** Chooses the time zone in which days and budget periods begin. */
export function TimeZoneField({ form, disabled = false }: Pick<IdentityFieldsProps, 'form'> & { disabled?: boolean }) {
  return (
    <Select
      {...form.getInputProps('time_zone')}
      label={words.timeZone}
      description={words.timeZoneMeans}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      data={ZONES.includes(form.values.time_zone) ? ZONES : [form.values.time_zone, ...ZONES]}
      searchable
      allowDeselect={false}
      limit={60}
      nothingFoundMessage={words.noTimeZoneFound}
      disabled={disabled}
    />
  );
}
