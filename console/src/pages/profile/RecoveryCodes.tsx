import { Button, Code, CopyButton, Group, Text } from '@mantine/core';
import { IconCheck, IconCopy, IconDownload } from '@tabler/icons-react';
import { SecretDialog } from '../../components/dialogs/SecretDialog.tsx';
import { words } from './words.ts';

/** Shows the recovery codes, which is only possible once. */
export function RecoveryCodes({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  const text = codes.join('\n');
  return (
    <SecretDialog title={words.storeYourRecoveryCodes} size="md" done={words.iHaveStoredThem} onClose={onClose}>
      <Text fz="sm">{words.recoveryCodesMean}</Text>
      <Code block fz="sm" style={{ columns: 2 }} tabIndex={0} aria-label={words.recoveryCodes}>
        {text}
      </Code>
      <Group gap="xs">
        <CopyButton value={text} timeout={2_000}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy} leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />}>
              {copied ? words.copied : words.copy}
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
          {words.download}
        </Button>
      </Group>
    </SecretDialog>
  );
}
