import { Alert, Button, Paper, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { FactTable } from '../../components/FactTable.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { Page } from '../../components/shell/Page.tsx';
import { type Approval, ApproveForm, type Proposed } from './ApproveForm.tsx';
import { words } from './words.ts';

/** A login that a program on this computer asks for, as its address says. */
interface AskedLogin {
  readonly challenge: string;
  readonly redirectUri: string;
  readonly state: string | undefined;
  readonly deviceName: string;
  readonly client: string | undefined;
  readonly proposed: Proposed;
}

/** Approves or denies a login on this computer, and sends the browser back to the program that asked. */
export function ConnectPage() {
  const [state] = useUrlState();
  const login = loginOf(state);
  return (
    <Page title={words.connectTitle} about={words.connectAbout}>
      {login === null ? (
        <Alert color="red" title={words.incomplete} maw={560}>
          {words.startAgain}
        </Alert>
      ) : (
        <Connecting login={login} />
      )}
    </Page>
  );
}

function Connecting({ login }: { login: AskedLogin }) {
  const [decided, setDecided] = useState<'approved' | 'denied' | null>(null);
  const approve = async (approval: Approval) => {
    const { redirect_to: back } = await asked(
      api.POST('/logins/authorize', {
        body: {
          ...approval,
          device_name: login.deviceName,
          redirect_uri: login.redirectUri,
          code_challenge: login.challenge,
          code_challenge_method: 'S256',
          ...(login.state === undefined ? {} : { state: login.state }),
          ...(login.client === undefined ? {} : { client: login.client }),
        },
      }),
    );
    setDecided('approved');
    goBack(back);
  };
  const deny = () => {
    setDecided('denied');
    goBack(addressOfDenial(login));
  };
  return (
    <Paper maw={560} p="md" withBorder>
      <Stack gap="md">
        <FactTable
          horizontalSpacing={0}
          facts={[
            [words.device, <bdi key="device">{login.deviceName}</bdi>],
            [words.program, <bdi key="program">{login.client ?? words.unknown}</bdi>],
            [
              words.answersTo,
              <span key="to" className="mono">
                {new URL(login.redirectUri).host}
              </span>,
            ],
          ]}
        />
        {decided === null ? (
          <>
            <Text fz="sm">{words.onlyIfYou}</Text>
            <ApproveForm
              way="loopback"
              onApprove={approve}
              proposed={login.proposed}
              beside={
                <Button variant="default" onClick={deny}>
                  {words.deny}
                </Button>
              }
            />
          </>
        ) : (
          <Alert
            color={decided === 'approved' ? 'green' : 'gray'}
            title={decided === 'denied' && words.loginDenied}
            role="status"
          >
            {words.onTheWay}
          </Alert>
        )}
      </Stack>
    </Paper>
  );
}

/** Returns the address by which a program hears that its login was denied (RFC 6749, 4.1.2.1). Nothing was made at the gateway. */
function addressOfDenial({ redirectUri, state }: AskedLogin): string {
  const back = new URL(redirectUri);
  back.searchParams.set('error', 'access_denied');
  if (state !== undefined) back.searchParams.set('state', state);
  return back.href;
}

/** Sends the browser to an address that was checked before. Checks it again, because the browser goes wherever this says. */
function goBack(address: string): void {
  if (isLoopback(address)) window.location.assign(address);
}

const NAME_CHARS_MAX = 100;

function loginOf(search: Readonly<Record<string, string | undefined>>): AskedLogin | null {
  const {
    code_challenge: challenge = '',
    redirect_uri: redirectUri = '',
    state,
    device_name: name = '',
    client_id: client,
    organization,
    team,
  } = search;
  if (!/^[\w-]{43}$/.test(challenge) || !isCallback(redirectUri)) return null;
  const deviceName = plain(name);
  return deviceName === ''
    ? null
    : {
        challenge,
        redirectUri,
        state,
        deviceName,
        client: client === undefined ? client : plain(client),
        proposed: { organization, team },
      };
}

/** Returns a name without control characters, at most 100 characters long. */
function plain(text: string): string {
  return [...text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '').trim()].slice(0, NAME_CHARS_MAX).join('');
}

const PORT_MIN = 1_024;

/** Reports whether the server would take an address to come back to: of this computer alone, with a port, without a query. */
function isCallback(address: string): boolean {
  return (
    isLoopback(address) && /^http:\/\/[^/?#]+(\/[\w/.-]{0,200})?$/.test(address) && Number(new URL(address).port) >= PORT_MIN
  );
}

function isLoopback(address: string): boolean {
  return /^http:\/\/(127\.0\.0\.1|\[::1\]):[1-9]\d{3,4}([/?][^\s\\]*)?$/.test(address) && URL.canParse(address);
}
