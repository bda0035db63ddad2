import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { NameText } from '../../components/Named.tsx';
import { words } from './words.ts';

interface OwnerFieldProps {
  readonly teamId: string;
  /** `svc_…` or an account id. Null means the team's default service account. */
  readonly value: string | null;
  readonly onChange: (owner: string | null) => void;
  readonly error: string | undefined;
}

const DEFAULT = 'default';
const SHOWN = 200;

/** Chooses the owner of a team's key: one of its service accounts or a person in it. A person's own limits then count too. */
export function OwnerField({ teamId, value, onChange, error }: OwnerFieldProps) {
  const { services, people } = useOwners(teamId);
  const active = services.filter(({ id, status }) => status === 'active' || id === value);
  const standard = active.find(({ is_default }) => is_default);
  const others = active.filter(({ is_default }) => !is_default);
  return (
    <Select
      label={words.owner}
      description={words.ownerMeans}
      searchable
      allowDeselect={false}
      error={error}
      data={[
        {
          group: words.serviceAccounts,
          items: [
            { value: standard?.id ?? DEFAULT, label: words.teamsDefaultServiceAccount },
            ...others.map(({ id, name }) => ({ value: id, label: name })),
          ],
        },
        {
          group: words.people,
          items: people.map(({ account_id, name, email }) => ({
            value: account_id,
            label: `${name} (${email})`,
          })),
        },
      ]}
      value={value ?? standard?.id ?? DEFAULT}
      onChange={(owner) => onChange(owner === DEFAULT ? null : owner)}
    />
  );
}

/** The name of the chosen owner, or the id if the name is not known. */
export function OwnerName({ owner, teamId }: { owner: string | null; teamId: string }) {
  const { services, people } = useOwners(teamId);
  if (owner === null || services.some(({ id, is_default }) => id === owner && is_default)) {
    return (
      <>
        {words.defaultServiceAccountOf} <NameText id={teamId} />
      </>
    );
  }
  const person = people.find(({ account_id }) => account_id === owner);
  return person === undefined ? <NameText id={owner} /> : <bdi>{person.name}</bdi>;
}

function useOwners(teamId: string) {
  const path = { id: teamId };
  const query = { limit: SHOWN, sort: 'name' as const };
  const services = useQuery({
    queryKey: ['service-accounts', 'of-team', teamId],
    queryFn: () => asked(api.GET('/teams/{id}/service-accounts', { params: { path, query } })),
  });
  const people = useQuery({
    queryKey: ['team-members', 'of-team', teamId],
    queryFn: () => asked(api.GET('/teams/{id}/members', { params: { path, query: { limit: SHOWN } } })),
  });
  return { services: services.data?.data ?? [], people: people.data?.data ?? [] };
}

/** Returns the owner as the API takes it. */
export function ownerBody(owner: string | null) {
  if (owner === null) return {};
  return { owner: owner.startsWith('svc_') ? { service_account_id: owner } : { account_id: owner } };
}

/** Returns what the server said about the owner, whichever of its fields it named. */
export function ownerErrorOf(errors: Readonly<Record<string, unknown>>): string | undefined {
  const found = Object.entries(errors).find(([path]) => path.startsWith('owner'))?.[1];
  return typeof found === 'string' ? found : undefined;
}
