import { Button, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';

interface ListFootProps {
  /** The error of the list as a whole. */
  readonly error: string | undefined;
  readonly label: string;
  readonly disabled: boolean;
  readonly onAdd: () => void;
}

/** The end of a list of fields: the error of the whole list, and the button that adds one more. */
export function ListFoot({ error, label, disabled, onAdd }: ListFootProps) {
  return (
    <>
      {error !== undefined && (
        <Text fz="sm" c="red" role="alert">
          {error}
        </Text>
      )}
      <div>
        <Button variant="default" size="xs" leftSection={<IconPlus size={14} />} disabled={disabled} onClick={onAdd}>
          {label}
        </Button>
      </div>
    </>
  );
}
