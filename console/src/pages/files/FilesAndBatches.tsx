import { Alert, SegmentedControl, Text } from '@mantine/core';
import type { Organization } from '../../api/organizations.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { BatchesList } from './BatchesList.tsx';
import { FilesList } from './FilesList.tsx';
import { words } from './words.ts';

const LISTS = [
  { value: 'batches', label: words.batches },
  { value: 'files', label: words.files },
];
/** The parts of the address that belong to one of the lists. */
const NONE = { search: undefined, cursor: undefined, status: undefined, purpose: undefined, batch: undefined };

/** The batches of an organization, or its files. */
export function FilesAndBatches({ organization }: { organization: Organization }) {
  const [state, set] = useUrlState();
  const shown = state.list === 'files' ? 'files' : 'batches';
  const controls = (
    <SegmentedControl
      aria-label={words.whatIsListed}
      data={LISTS}
      value={shown}
      onChange={(list) => set({ ...NONE, list: list === 'files' ? list : undefined })}
    />
  );
  const props = { organizationId: organization.id, controls };
  return (
    <>
      <Text fz="sm" c="dimmed" mb="sm">
        {shown === 'files' ? words.filesMean : words.batchesMean}
      </Text>
      {organization.batches === 'off' && (
        <Alert color="yellow" mb="sm">
          {words.isOff}
        </Alert>
      )}
      {shown === 'files' ? <FilesList {...props} /> : <BatchesList {...props} />}
    </>
  );
}
