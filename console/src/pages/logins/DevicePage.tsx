import { Alert, Anchor, Button, Group, Paper, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { ProblemNote } from '../../components/Asked.tsx';
import { FactTable } from '../../components/FactTable.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { Page } from '../../components/shell/Page.tsx';
import { Time } from '../../components/Time.tsx';
import { type Approval, ApproveForm, type Proposed } from './ApproveForm.tsx';
import { forgetApproval, keptApproval, pathToComeBackTo } from './kept-approval.ts';
import { words } from './words.ts';

type LoginRequest = Schema<'LoginRequest'>;

/** A step of the page: the code is entered, the device is judged, or it is decided. */
type Step =
  | { readonly is: 'code' }
  | { readonly is: 'judged'; readonly code: string; readonly request: LoginRequest }
  | { readonly is: 'approved' | 'denied' };

/** Approves a device that shows a code. A link must not choose the code. It may propose a team, which the person sees and can change. */
export function DevicePage() {
  const [{ organization, team }] = useUrlState();
  const [step, setStep] = useState<Step>({ is: 'code' });
  return (
    <Page title={words.deviceTitle} about={words.deviceAbout}>
      <Paper maw={560} p="md" withBorder>
        {step.is === 'code' && <EnterCode onFound={(code, request) => setStep({ is: 'judged', code, request })} />}
        {step.is === 'judged' && <Judge {...step} proposed={{ organization, team }} onDone={(is) => setStep({ is })} />}
        {step.is === 'approved' && (
          <Alert color="green" title={words.approved} role="status">
            {words.approvedMeans}
          </Alert>
        )}
        {step.is === 'denied' && (
          <Alert color="gray" title={words.denied} role="status">
            {words.deniedMeans}
          </Alert>
        )}
      </Paper>
    </Page>
  );
}

function EnterCode({ onFound }: { onFound: (code: string, request: LoginRequest) => void }) {
  const { account } = useSession();
  // Somebody who comes back from their provider had entered the code here.
  const [kept] = useState(() => keptApproval(account.id, pathToComeBackTo(window.location))?.code);
  const [code, setCode] = useState(kept ?? '');
  const finding = useMutation({
    mutationFn: () => asked(api.POST('/logins/device/lookup', { body: { user_code: code.trim() } })),
    onSuccess: (request) => onFound(code.trim(), request),
    onError: forgetApproval,
  });
  const { mutate: find } = finding;
  useEffect(() => {
    if (kept !== undefined) find();
  }, [kept, find]);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (code.trim() !== '' && !finding.isPending) finding.mutate();
      }}
    >
      <Stack gap="sm">
        <Alert color="yellow">{words.neverFromOthers}</Alert>
        <TextInput
          label={words.code}
          description={words.codeMeans}
          placeholder={words.codeExample}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          maxLength={20}
          data-autofocus
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        {finding.isError && <ProblemNote error={finding.error} />}
        <Group>
          <Button type="submit" disabled={code.trim() === ''} loading={finding.isPending}>
            {words.continue}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface JudgeProps {
  readonly code: string;
  readonly request: LoginRequest;
  readonly proposed: Proposed;
  readonly onDone: (is: 'approved' | 'denied' | 'code') => void;
}

function Judge({ code, request, proposed, onDone }: JudgeProps) {
  const approve = async (approval: Approval) => {
    await asked(api.POST('/logins/device/approve', { body: { ...approval, user_code: code } }));
    onDone('approved');
  };
  const denying = useMutation({
    mutationFn: () => asked(api.POST('/logins/device/deny', { body: { user_code: code } })),
    onSuccess: () => onDone('denied'),
  });
  return (
    <Stack gap="md">
      <FactTable
        horizontalSpacing={0}
        facts={[
          [words.device, <bdi key="device">{request.device_name}</bdi>],
          [words.program, <bdi key="program">{request.client}</bdi>],
          [
            words.asksFrom,
            <span key="from">
              <span className="mono">{request.ip ?? words.unknown}</span>
              {request.is_same_network && ` (${words.sameNetwork})`}
            </span>,
          ],
          [words.asked, <Time key="asked" at={request.asked_at} relative />],
        ]}
      />
      <Text fz="sm">{words.neverFromOthers}</Text>
      {denying.isError && <ProblemNote error={denying.error} />}
      <ApproveForm
        way="device"
        code={code}
        onApprove={approve}
        proposed={proposed}
        beside={
          <Button variant="default" loading={denying.isPending} onClick={() => denying.mutate()}>
            {words.deny}
          </Button>
        }
      />
      <Anchor component="button" type="button" fz="sm" w="fit-content" onClick={() => onDone('code')}>
        {words.otherCode}
      </Anchor>
    </Stack>
  );
}
