import { Input, Select, TextInput } from '@mantine/core';
import { api, asked } from '../../api/client.ts';
import type { PolicyBody } from '../../api/gateway.ts';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { TargetsPicker } from '../../components/fields/TargetPicker.tsx';
import { MemberRows } from './MemberRows.tsx';
import { type RouteGroup, STRATEGIES } from './policy.ts';

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
      title="Create route group"
      size="xl"
      initial={{ key: '', strategy: 'weighted', members: [], fallbacks: [] }}
      validate={{
        key: (key) => (key.trim() === '' ? 'Enter the name that callers use.' : null),
        members: (members) => (members.some(({ deployment_id: id }) => id === '') ? 'Choose a deployment in each row.' : null),
      }}
      verb="Create route group"
      invalidates={['route-groups', 'callable-targets']}
      save={({ key, members, ...rest }, header) =>
        asked(api.POST('/route-groups', { params: { header }, body: { key: key.trim(), members: [...members], ...rest } }))
      }
      onSaved={(made) => {
        saved(`${made.key} was created. Anyone who is granted it can call it.`);
        onSaved(made);
      }}
    >
      {(form) => (
        <>
          <TextInput
            data-autofocus
            label="Key"
            description="Callers use it like a model name. No model or other route group can have this name."
            required
            {...form.getInputProps('key')}
          />
          <Select label="Strategy" allowDeselect={false} data={[...STRATEGIES]} {...form.getInputProps('strategy')} />
          <Input.Label labelElement="div">Members</Input.Label>
          <MemberRows
            strategy={form.values.strategy}
            members={form.values.members}
            onChange={(members) => form.setFieldValue('members', members)}
          />
          {form.errors.members !== undefined && <Input.Error>{form.errors.members}</Input.Error>}
          <TargetsPicker
            label="Fallbacks, in order"
            description="Tried if all members failed, and only if the caller may call them."
            value={form.values.fallbacks}
            onChange={(fallbacks) => form.setFieldValue('fallbacks', fallbacks)}
            error={form.errors.fallbacks as string | undefined}
          />
        </>
      )}
    </CreateDialog>
  );
}
