import { Autocomplete, type AutocompleteProps, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { keptWithin } from '../../api/kept.ts';
import { useCan, useSession } from '../../api/session.tsx';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { Busy } from '../../components/Skeletons.tsx';
import { isAddress, type Person } from './add-person.ts';
import { words } from './words.ts';

/** The accounts that match what was typed, for an organization or, without one, of the whole gateway. */
export interface People {
  readonly found: readonly Person[];
  readonly isLooking: boolean;
  /** The account whose whole address was typed, among those that were found. */
  readonly chosen: Person | null;
  /** Looks up the account of an address on the server. Null if there is none that the caller may choose. */
  find(address: string): Promise<Person | null>;
}

const SEARCH_MS = 200;
const SHOWN = 8;

/** Finds accounts by the beginning of their name or address. Without an organization, only the platform's people find any. */
export function usePeople(typed: string, organizationId: string | undefined): People {
  const queryClient = useQueryClient();
  const seesAccounts = useCan('platform.read').allowed;
  const [text] = useDebouncedValue(typed.trim(), SEARCH_MS);
  const queryOf = (search: string) => ({
    queryKey: ['candidates', organizationId ?? null, search],
    queryFn: () => peopleOf(search, organizationId),
  });
  const query = useQuery({
    ...queryOf(text),
    enabled: text !== '' && (organizationId !== undefined || seesAccounts),
    placeholderData: keptWithin(['candidates', organizationId ?? null]),
  });
  const found = query.data ?? [];
  return {
    found,
    isLooking: query.isFetching || text !== typed.trim(),
    chosen: withAddress(found, typed),
    find: async (address) => {
      if (organizationId === undefined && !seesAccounts) return null;
      return withAddress(await queryClient.fetchQuery(queryOf(address.trim())), address);
    },
  };
}

function withAddress(people: readonly Person[], address: string): Person | null {
  const wanted = address.trim().toLowerCase();
  return people.find(({ email }) => email.toLowerCase() === wanted) ?? null;
}

async function peopleOf(search: string, organizationId: string | undefined): Promise<readonly Person[]> {
  const query = { search, limit: SHOWN, sort: 'name' as const };
  if (organizationId !== undefined) {
    const path = { id: organizationId };
    return (await asked(api.GET('/organizations/{id}/member-candidates', { params: { path, query } }))).data;
  }
  const { data } = await asked(api.GET('/accounts', { params: { query } }));
  return data.map(({ id, name, email, platform_role }) => ({
    account_id: id,
    name,
    email,
    platform_role,
    member: null,
    may_add: true,
  }));
}

interface PersonFieldProps extends Omit<AutocompleteProps, 'data'> {
  readonly people: People;
  /** The state in which a member of the organization can be chosen too: for one of its teams. */
  readonly takesMembers?: boolean;
}

/** A person: an account that is found as one types, or the address of somebody new. Says which of the two it is. */
export function PersonField({ people, takesMembers = false, ...field }: PersonFieldProps) {
  const typed = field.value ?? '';
  return (
    <Stack gap={4}>
      <Autocomplete
        label={words.nameOrEMailAddress}
        placeholder={words.personExample}
        data-autofocus
        openOnFocus={false}
        maxLength={254}
        data={people.found.map(({ email }) => email)}
        filter={({ options }) => options}
        renderOption={({ option }) => (
          <Found of={people.found.find(({ email }) => email === option.value)} takesMembers={takesMembers} />
        )}
        rightSection={people.isLooking && typed !== '' ? <Busy label={words.searching} /> : undefined}
        comboboxProps={{ withinPortal: true }}
        maxDropdownHeight={260}
        {...field}
      />
      <Text fz="xs" c="dimmed" role="status">
        <Outcome typed={typed} people={people} takesMembers={takesMembers} />
      </Text>
    </Stack>
  );
}

function Found({ of: person, takesMembers }: { of: Person | undefined; takesMembers: boolean }) {
  if (person === undefined) return null;
  const { name, email, member, may_add } = person;
  const memberWords = takesMembers ? words.inOrganizationAs : words.alreadyAMemberAs;
  const state = member !== null ? memberWords(roleWord(member.role)) : may_add ? null : words.addressNotProved;
  return (
    <Stack gap={0} miw={0}>
      <Text fz="sm" truncate>
        <bdi>{name}</bdi>
      </Text>
      <Text fz="xs" c="dimmed" truncate>
        <bdi>{email}</bdi>
        {state !== null && ` · ${state}`}
      </Text>
    </Stack>
  );
}

/** Says what will happen with what was typed. */
function Outcome({ typed, people, takesMembers }: { typed: string; people: People; takesMembers: boolean }) {
  const isMailed = useSession().mail_configured;
  const { chosen, isLooking } = people;
  if (chosen === null) {
    if (!isAddress(typed)) return words.chooseOrEnterPerson;
    if (isLooking) return words.lookingForAccount;
    const sent = isMailed ? words.linkIsSentThere : words.handOverLink;
    return words.addressGetsInvitation(sent);
  }
  if (chosen.member !== null && !takesMembers) return words.alreadyMemberChangeRole(chosen.name, roleWord(chosen.member.role));
  if (!chosen.may_add) return words.addressNotProvedYet(chosen.name);
  return words.hasAccount(chosen.name);
}
