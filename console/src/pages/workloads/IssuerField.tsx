import { Select } from '@mantine/core';
import { useIssuers } from './issuer-choices.ts';
import { words } from './words.ts';

interface IssuerFieldProps {
  readonly organizationId: string;
  /** Empty: none is chosen. */
  readonly value: string;
  readonly onChange: (id: string) => void;
  readonly error?: unknown;
}

/** Chooses one of the trusted issuers. */
export function IssuerField({ organizationId, value, onChange, error }: IssuerFieldProps) {
  const issuers = useIssuers(organizationId);
  return (
    <Select
      label={words.issuer}
      placeholder={issuers?.length === 0 ? words.trustIssuerFirst : words.nothingChosen}
      data={(issuers ?? []).map(({ id, name }) => ({ value: id, label: name }))}
      value={value === '' ? null : value}
      onChange={(id) => onChange(id ?? '')}
      error={typeof error === 'string' ? error : undefined}
    />
  );
}
