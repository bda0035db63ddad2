import { Button, Code, CopyButton, Group, Text } from '@mantine/core';
import { IconCheck, IconCopy, IconDownload } from '@tabler/icons-react';
import { SecretDialog } from '../../components/dialogs/SecretDialog.tsx';

/** Shows the recovery codes, which is only possible once. */
export function RecoveryCodes({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  const text = codes.join('\n');
  return (
    <SecretDialog title="Store your recovery codes" size="md" done="I have stored them" onClose={onClose}>
      <Text fz="sm">
        Each code signs you in once if you do not have your authenticator. The codes are not shown again. Store them in a
        different place than your password.
      </Text>
      <Code block fz="sm" style={{ columns: 2 }} tabIndex={0} aria-label="Recovery codes">
        {text}
      </Code>
      <Group gap="xs">
        <CopyButton value={text} timeout={2_000}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy} leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          component="a"
          href={`data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}`}
          download="headgate-recovery-codes.txt"
        >
          Download
        </Button>
      </Group>
    </SecretDialog>
  );
}
