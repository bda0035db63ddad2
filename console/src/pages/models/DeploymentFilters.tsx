import { Badge, Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useUrlState } from '../../components/fields/useUrlState.ts';

/** Filters the deployments. Filters that a link of another page set are shown while they are active. */
export function DeploymentFilters() {
  const [state, setState] = useUrlState();
  const set = (name: string, value: string | null) => setState({ [name]: value ?? undefined, cursor: undefined });
  const setTag = useDebouncedCallback((tag: string) => set('tag', tag), 250);
  return (
    <Group gap="xs">
      <Select
        aria-label="Provider"
        placeholder="Any provider"
        size="sm"
        w={160}
        clearable
        data={[
          { value: 'openai', label: 'OpenAI' },
          { value: 'anthropic', label: 'Anthropic' },
          { value: 'fake', label: 'Fake provider' },
        ]}
        value={state.provider ?? null}
        onChange={(value) => set('provider', value)}
      />
      <Select
        aria-label="In service or disabled"
        placeholder="Any state"
        w={140}
        clearable
        data={[
          { value: 'true', label: 'Enabled' },
          { value: 'false', label: 'Disabled' },
        ]}
        value={state.enabled ?? null}
        onChange={(value) => set('enabled', value)}
      />
      <Select
        aria-label="Price"
        placeholder="Any price"
        w={170}
        clearable
        data={[
          { value: 'true', label: 'Something unpriced' },
          { value: 'false', label: 'Wholly priced' },
        ]}
        value={state.unpriced ?? null}
        onChange={(value) => set('unpriced', value)}
      />
      <TextInput
        aria-label="Routing tag"
        placeholder="Routing tag"
        w={130}
        defaultValue={state.tag ?? ''}
        onChange={(event) => setTag(event.currentTarget.value.trim())}
      />
      <LinkedFilters />
    </Group>
  );
}

/** The active filters that only links of other pages set, each as a button that removes it. */
function LinkedFilters() {
  const [state, setState] = useUrlState();
  const remove = (name: string) => setState({ [name]: undefined, cursor: undefined });
  return (
    <>
      {state.passed_over === 'true' && (
        <Badge
          variant="default"
          component="button"
          onClick={() => remove('passed_over')}
          title="Take this filter out"
          style={{ cursor: 'pointer' }}
        >
          only requests with tags ×
        </Badge>
      )}
      {(['credential_id', 'model'] as const).map((name) =>
        state[name] === undefined ? null : (
          <Badge
            key={name}
            variant="default"
            component="button"
            onClick={() => remove(name)}
            aria-label={`Take the filter ${name === 'model' ? 'model' : 'credential'} ${state[name]} out`}
            style={{ cursor: 'pointer' }}
          >
            {name === 'model' ? 'model' : 'credential'}: {state[name]} ×
          </Badge>
        ),
      )}
    </>
  );
}
