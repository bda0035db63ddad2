import { Input, Select, TextInput } from '@mantine/core';
import { api, asked } from '../../api/client.ts';
import type { PolicyBody } from '../../api/gateway.ts';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { TargetsPicker } from '../../components/fields/TargetPicker.tsx';
import { MemberRows } from './MemberRows.tsx';
import { type RouteGroup, STRATEGIES } from './policy.ts';
import { words } from './words.ts';

interface CreateRouteGroupProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onSaved: (group: RouteGroup) => void;
}

interface Draft {
  key: string;
  strategy: PolicyBody['strategy'];
  members: PolicyBody['members'];
  fallbacks: string[];
}

/** Creates a route group with its first policy. */
export function CreateRouteGroup({ opened, onClose, onSaved }: CreateRouteGroupProps) {
  return (
    <CreateDialog<Draft, RouteGroup>
      opened={opened}
      onClose={onClose}
      title={words.createRouteGroup}
      size="xl"
      initial={{ key: '', strategy: 'weighted', members: [], fallbacks: [] }}
      validate={{
        key: (key) => (key.trim() === '' ? words.enterCalledName : null),
        members: (members) => (members.some(({ deployment_id: id }) => id === '') ? words.chooseDeployments : null),
      }}
      verb={words.createRouteGroup}
      invalidates={['route-groups', 'callable-targets']}
      save={({ key, members, ...rest }, header) =>
        asked(api.POST('/route-groups', { params: { header }, body: { key: key.trim(), members: [...members], ...rest } }))
      }
      onSaved={(made) => {
        saved(words.groupWasCreated(made.key));
        onSaved(made);
      }}
    >
      {(form) => (
        <>
          <TextInput data-autofocus label={words.key} description={words.keyMeans} required {...form.getInputProps('key')} />
          <Select label={words.strategy} allowDeselect={false} data={[...STRATEGIES]} {...form.getInputProps('strategy')} />
          <Input.Label labelElement="div">{words.members}</Input.Label>
          <MemberRows
            strategy={form.values.strategy}
            members={form.values.members}
            onChange={(members) => form.setFieldValue('members', members)}
          />
          {form.errors.members !== undefined && <Input.Error>{form.errors.members}</Input.Error>}
          <TargetsPicker
            label={words.fallbacksInOrder}
            description={words.fallbacksMean}
            value={form.values.fallbacks}
            onChange={(fallbacks) => form.setFieldValue('fallbacks', fallbacks)}
            error={form.errors.fallbacks as string | undefined}
          />
        </>
      )}
    </CreateDialog>
  );
}
