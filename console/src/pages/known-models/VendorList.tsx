import { Alert, Group, Select, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { useCan } from '../../api/session.tsx';
import { Asked, ProblemNote } from '../../components/Asked.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Named } from '../../components/Named.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { useProviderNames } from '../models/ProviderBadge.tsx';
import { VendorModels } from './VendorModels.tsx';
import { words } from './words.ts';

type Credential = Schema<'Credential'>;
type Reading = Schema<'ModelListReading'>;

const CREDENTIALS_MAX = 200;

/** The list of models of the vendor of one credential, as it was last read, and the button that reads it again. */
export function VendorList() {
  const query = { limit: CREDENTIALS_MAX, sort: 'name' } as const;
  const credentials = useQuery({
    queryKey: ['credentials', 'vendor-lists'],
    queryFn: () => asked(api.GET('/credentials', { params: { query } })),
  });
  return (
    <Stack gap="md">
      <Text fz="sm" c="dimmed">
        {words.vendorListsMean}
      </Text>
      <Asked query={credentials}>{({ data }) => <OfCredentials of={data} />}</Asked>
    </Stack>
  );
}

function OfCredentials({ of: credentials }: { of: readonly Credential[] }) {
  const [state, set] = useUrlState();
  const nameOf = useProviderNames(credentials.map(({ provider }) => provider));
  const chosen = credentials.find(({ id }) => id === state.credential) ?? credentials[0];
  if (chosen === undefined)
    return (
      <EmptyState title={words.noCredentials} action={<PageLink at={links.credentials()}>{words.credentials}</PageLink>}>
        {words.addACredentialFirst}
      </EmptyState>
    );
  return (
    <>
      <Select
        label={words.credential}
        searchable
        allowDeselect={false}
        maw={420}
        data={credentials.map(({ id, name, provider }) => ({ value: id, label: `${name} · ${nameOf(provider)}` }))}
        value={chosen.id}
        onChange={(id) => set({ credential: id ?? undefined, state: undefined, search: undefined, cursor: undefined })}
      />
      <OfCredential key={chosen.id} credential={chosen} />
    </>
  );
}

function OfCredential({ credential }: { credential: Credential }) {
  const { id } = credential;
  const verdict = useCan('catalogue.manage');
  const queryClient = useQueryClient();
  const compared = useQuery({
    queryKey: ['model-list', id, 'reading'],
    queryFn: () => asked(api.GET('/credentials/{id}/model-list', { params: { path: { id }, query: { limit: 1 } } })),
  });
  const reading = useMutation({
    mutationFn: () => asked(api.POST('/credentials/{id}/model-list', { params: { path: { id } } })),
    onSuccess: async ({ failed_at: failedAt, listed }) => {
      if (failedAt === null) saved(words.listWasRead(listed));
      await queryClient.invalidateQueries({ queryKey: ['model-list', id] });
    },
  });
  const read = (
    <GuardedButton verdict={verdict} loading={reading.isPending} onClick={() => reading.mutate()}>
      {words.readTheList}
    </GuardedButton>
  );
  return (
    <>
      {reading.isError && <ProblemNote error={reading.error} />}
      <Asked query={compared}>
        {({ reading: last }) =>
          last.read_at === null ? (
            <>
              <Failure of={last} />
              <EmptyState title={words.neverRead} action={read}>
                {words.neverReadMeans}
              </EmptyState>
            </>
          ) : (
            <>
              <Group justify="space-between" gap="sm">
                <LastReading of={last} />
                {read}
              </Group>
              <Failure of={last} />
              <Notes of={last} />
              <VendorModels credential={credential} counts={last.counts} />
            </>
          )
        }
      </Asked>
    </>
  );
}

function LastReading({ of: { read_at: at, read_by: by, listed } }: { of: Reading }) {
  if (at === null) return null;
  return (
    <Text fz="sm" component="div">
      {words.modelCount(listed)} · {words.readAt} <Time at={at} relative /> {words.by} <Named id={by} />
    </Text>
  );
}

function Failure({ of: { failed_at: at, failure, read_at: readAt } }: { of: Reading }) {
  if (at === null) return null;
  return (
    <Alert color="red" title={words.lastAttemptFailed}>
      {failure} (<Time at={at} relative />) {readAt !== null && words.listBeforeIsShown}
    </Alert>
  );
}

/** The limits of the comparison, if there are some. */
function Notes({ of: reading }: { of: Reading }) {
  const notes = [
    reading.is_cut ? words.isCut(reading.listed) : null,
    reading.unusable > 0 ? words.unusable(reading.unusable) : null,
    reading.not_compared_count > 0 ? words.notCompared(reading.not_compared_count) : null,
  ].filter((note) => note !== null);
  return notes.map((note) => (
    <Text key={note} fz="sm" c="dimmed">
      {note}
    </Text>
  ));
}
