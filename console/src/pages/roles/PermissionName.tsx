import { Text } from '@mantine/core';

/** The sentence about a permission, and its name in the API. */
export function PermissionName({ means, permission }: { readonly means: string; readonly permission: string }) {
  return (
    <>
      <Text fz="sm">{means}</Text>
      <Text fz="xs" c="dimmed" className="mono">
        {permission}
      </Text>
    </>
  );
}
