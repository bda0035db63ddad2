import { Alert, Badge, Button, Group, List, Paper, SegmentedControl, Stack, Text, Textarea, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { ProblemNote } from '../../components/Asked.tsx';
import { CopyCode } from '../../components/CopyCode.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { IssuerField } from './IssuerField.tsx';
import { claimsIn } from './token-claims.ts';
import { words } from './words.ts';

type Outcome = Schema<'TokenCheck'>;
type Check = Outcome['checks'][number];

/** Checks a token or bare claims against the rules: which would take it, and why the others would not. */
export function TokenCheck({ organizationId }: { organizationId: string }) {
  const [kind, setKind] = useState<'token' | 'claims'>('token');
  const checking = useMutation({
    mutationFn: (body: CheckBody) =>
      asked(api.POST('/organizations/{id}/trust-rules/check', { params: { path: { id: organizationId } }, body })),
  });
  const parts = { isPending: checking.isPending, onCheck: (body: CheckBody) => checking.mutate(body) };
  return (
    <Stack gap="md" maw={860}>
      <Group>
        <SegmentedControl
          aria-label={words.whatToCheck}
          data={[
            { value: 'token', label: words.aToken },
            { value: 'claims', label: words.onlyClaims },
          ]}
          value={kind}
          onChange={(next) => {
            setKind(next as typeof kind);
            checking.reset();
          }}
        />
      </Group>
      {kind === 'token' ? <TokenForm {...parts} /> : <ClaimsForm {...parts} organizationId={organizationId} />}
      {checking.isError && <ProblemNote error={checking.error} />}
      {checking.data !== undefined && <Shown outcome={checking.data} />}
    </Stack>
  );
}

type CheckBody = { readonly token: string } | { readonly issuer_id: string; readonly claims: Record<string, unknown> };

interface CheckFormProps {
  readonly isPending: boolean;
  readonly onCheck: (body: CheckBody) => void;
}

function TokenForm({ isPending, onCheck }: CheckFormProps) {
  const [token, setToken] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim() !== '') onCheck({ token: token.trim() });
      }}
    >
      <Stack gap="sm">
        <Textarea
          label={words.token}
          description={words.tokenMeans}
          placeholder={words.tokenExample}
          maxLength={16_384}
          {...AREA}
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
        <Group>
          <Button type="submit" loading={isPending} disabled={token.trim() === ''}>
            {words.checkToken}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function ClaimsForm({ organizationId, isPending, onCheck }: CheckFormProps & { organizationId: string }) {
  const [issuerId, setIssuerId] = useState('');
  const [text, setText] = useState('');
  const [isTried, setTried] = useState(false);
  const claims = claimsIn(text);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (claims !== null && issuerId !== '') onCheck({ issuer_id: issuerId, claims });
      }}
    >
      <Stack gap="sm">
        <IssuerField
          organizationId={organizationId}
          value={issuerId}
          onChange={setIssuerId}
          error={isTried && issuerId === '' ? words.chooseIssuer : undefined}
        />
        <Textarea
          label={words.claimsJson}
          description={words.claimsMean}
          placeholder={words.claimsExample}
          error={isTried && claims === null ? words.claimsAreNone : undefined}
          {...AREA}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Group>
          <Button type="submit" loading={isPending} disabled={text.trim() === ''}>
            {words.checkClaims}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

const AREA = { autosize: true, minRows: 3, maxRows: 8, classNames: { input: 'mono' }, spellCheck: false } as const;

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
