import { Alert, Text } from '@mantine/core';
import { words } from './words.ts';

interface SsoProblemProps {
  /** The code of the server, from the address. Anybody can type one, so an unknown code has a general sentence. */
  readonly code: string;
  /** The code of the check that failed, for whoever set the provider up. */
  readonly reason?: string | undefined;
}

/** Says why a way through an identity provider did not end with a sign-in, and what to do. */
export function SsoProblem({ code, reason }: SsoProblemProps) {
  const { why, next } =
    (Object.hasOwn(words.codes, code) ? words.codes[code as keyof typeof words.codes] : null) ?? words.unknown;
  const isDone = code === 'linked' || code === 'tested';
  return (
    <Alert color={isDone ? 'green' : 'red'} role={isDone ? 'status' : 'alert'} p="xs" title={why}>
      <Text fz="sm">{next}</Text>
      {reason !== undefined && /^[a-z0-9_.-]{1,60}$/i.test(reason) && (
        <Text fz="xs" c="dimmed" mt={4} className="mono">
          {words.forYourAdmin} {reason}
        </Text>
      )}
    </Alert>
  );
}
