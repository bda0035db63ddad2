import { Alert } from '@mantine/core';

/** Says that mails cannot be sent, and what an operator must do. */
export function NoMailServer() {
  return (
    <Alert color="orange" title="No mail server is configured">
      Nothing is sent until an operator sets HEADGATE_SMTP_URL.
    </Alert>
  );
}
