import { FilesAndBatches } from '../../files/FilesAndBatches.tsx';
import type { TabProps } from './tab.ts';

/** The batches of this organization, and their files. */
export function FilesTab({ organization }: TabProps) {
  return <FilesAndBatches organization={organization} />;
}
