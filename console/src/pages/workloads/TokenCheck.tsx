import { Alert, Badge, Button, Group, List, Paper, Stack, Text, Textarea, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { ProblemNote } from '../../components/Asked.tsx';
import { CopyCode } from '../../components/CopyCode.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { words } from './words.ts';

type Outcome = Schema<'TokenCheck'>;
type Check = Outcome['checks'][number];

/** Checks a token against the rules: which would take it, and why the others would not. */
export function TokenCheck({ organizationId }: { organizationId: string }) {
  const [token, setToken] = useState('');
  const checking = useMutation({
    mutationFn: () =>
      asked(
        api.POST('/organizations/{id}/trust-rules/check', {
          params: { path: { id: organizationId } },
          body: { token: token.trim() },
        }),
      ),
  });
  return (
    <Stack gap="md" maw={860}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== '') checking.mutate();
        }}
      >
        <Stack gap="sm">
          <Textarea
            label={words.token}
            description={words.tokenMeans}
            placeholder={words.tokenExample}
            autosize
            minRows={3}
            maxRows={8}
            maxLength={16_384}
            className="mono"
            spellCheck={false}
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
          />
          <Group>
            <Button type="submit" loading={checking.isPending} disabled={token.trim() === ''}>
              {words.checkToken}
            </Button>
          </Group>
        </Stack>
      </form>
      {checking.isError && <ProblemNote error={checking.error} />}
      {checking.data !== undefined && <Shown outcome={checking.data} />}
    </Stack>
  );
}

function Shown({ outcome }: { outcome: Outcome }) {
  return (
    <Stack gap="md" aria-live="polite">
      <Alert color={outcome.accepted ? 'green' : 'red'} p="xs" role="status">
        {outcome.words}
      </Alert>
      <Checks checks={outcome.checks} />
      {outcome.rules.map((rule) => (
        <Paper key={rule.rule_id} withBorder p="sm">
          <Group gap="xs" mb={4}>
            <Title order={3} fz="sm">
              <bdi>{rule.name}</bdi>
            </Title>
            {rule.status === 'disabled' && <StatusBadge status={rule.status} />}
            <Badge color={rule.matches ? 'green' : 'gray'}>{rule.matches ? words.matches : words.matchesNot}</Badge>
          </Group>
          <Checks checks={rule.checks} />
        </Paper>
      ))}
      <div>
        <Text fz="sm" fw={500} mb={4}>
          {words.claims}
        </Text>
        <CopyCode text={JSON.stringify(outcome.claims, null, 2)} label={words.claims} copyLabel={words.theClaims} />
      </div>
    </Stack>
  );
}

function Checks({ checks }: { checks: readonly Check[] }) {
  return (
    <List fz="sm" spacing={4} listStyleType="none" pl={0}>
      {checks.map(({ name, ok, words: sentence }) => (
        <List.Item key={`${name} ${sentence}`}>
          <Text span fz="sm" fw={600} c={ok ? 'green' : 'red'}>
            {ok ? words.good : words.bad}
          </Text>{' '}
          <Text span fz="sm" style={{ overflowWrap: 'anywhere' }}>
            {sentence}
          </Text>
        </List.Item>
      ))}
    </List>
  );
}
