import { Alert } from '@mantine/core';
import { words } from './words.ts';

/** Says that mails cannot be sent, and what an operator must do. */
export function NoMailServer() {
  return (
    <Alert color="orange" title={words.noMailServer}>
      {words.nothingIsSent}
    </Alert>
  );
}
