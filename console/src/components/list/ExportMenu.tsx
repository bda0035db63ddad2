import { Button, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconChevronDown, IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { download, exportName } from '../../api/download.ts';
import { saved } from '../dialogs/saved.ts';
import { words } from './words.ts';

export interface Export {
  readonly label: string;
  /** The path below /api/v1, with its query. */
  readonly path: string;
  /** The beginning of the file's name. */
  readonly what: string;
  readonly ending: 'csv' | 'jsonl';
  /** False if `what` says which days it is of, so that today's date would mislead. */
  readonly isDated?: boolean;
}

/** Exports the whole result, not only the page that is shown. Shows progress, and notifies when the file is saved or the export fails. */
export function ExportMenu({ exports, note }: { exports: readonly Export[]; note?: string }) {
  const saving = useMutation({
    mutationFn: async ({ path, what, ending, isDated = true }: Export) => {
      const file = isDated ? exportName(what, ending) : `${what}.${ending}`;
      await download(path, file);
      return file;
    },
    onSuccess: (file) => saved(words.wasDownloaded(file)),
    onError: (error) => notifications.show({ color: 'red', title: words.notExported, message: error.message }),
  });
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          rightSection={<IconChevronDown size={14} />}
          loading={saving.isPending}
        >
          {words.export}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {note !== undefined && <Menu.Label>{note}</Menu.Label>}
        {exports.map((one) => (
          <Menu.Item key={one.label} onClick={() => saving.mutate(one)}>
            {one.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
