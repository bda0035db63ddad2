import { Alert, Badge, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { Time } from '../../components/Time.tsx';
import { addedWords, methodWords, proofWords } from './sign-in-words.ts';
import { words } from './words.ts';

type Account = Schema<'Account'>;
type SignIn = Schema<'AccountSignIn'>;

/** The ways in which this account signs in, when and how each was added, and how its addresses were proved. */
export function AccountSignIn({ of: account }: { of: Account }) {
  const signIn = useQuery({
    queryKey: ['accounts', 'sign-in', account.id],
    queryFn: () => asked(api.GET('/accounts/{id}/sign-in', { params: { path: { id: account.id } } })),
  });
  return (
    <Stack gap="sm">
      <Title order={2}>{words.signIn}</Title>
      {account.address_proof === null && <NotProved of={account} />}
      <Asked query={signIn}>
        {({ methods, proofs }) => (
          <>
            <Methods of={methods} isProved={account.address_proof !== null} />
            {proofs.length > 0 && <Proofs of={proofs} />}
          </>
        )}
      </Asked>
    </Stack>
  );
}

/** A warning with the consequences, and with other organizations that the account is a member of. */
function NotProved({ of: { bound_organization: bound, memberships } }: { of: Account }) {
  const elsewhere = memberships.filter(({ organization_id }) => organization_id !== bound?.id);
  return (
    <Alert color="yellow" title={words.theAddressIsNotProved}>
      <Text fz="sm">{words.acceptsThisAccount(bound?.name ?? null)}</Text>
      {bound !== null && elsewhere.length > 0 && (
        <Text fz="sm" mt="xs">
          {words.memberBeforeChecks(elsewhere.map(({ organization_name }) => organization_name).join(', '))}
        </Text>
      )}
    </Alert>
  );
}

function Methods({ of: methods, isProved }: { of: SignIn['methods']; isProved: boolean }) {
  if (methods.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        {words.noWayToSignInYet}
      </Text>
    );
  }
  return (
    <TableScroll minWidth={480}>
      <Table aria-label={words.waysToSignIn}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.signsInWith}</Table.Th>
            <Table.Th>{words.added}</Table.Th>
            <Table.Th>{words.how}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {methods.map((method) => (
            <Table.Tr key={method.id}>
              <Table.Td>
                <bdi>{methodWords(method)}</bdi>{' '}
                {isProved && method.before_proof && (
                  <Badge color="yellow" title={words.removedAtNextReset}>
                    {words.addedBeforeProof}
                  </Badge>
                )}
              </Table.Td>
              <Table.Td>
                <Time at={method.added_at} />
              </Table.Td>
              <Table.Td>{addedWords(method.how)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}

function Proofs({ of: proofs }: { of: SignIn['proofs'] }) {
  return (
    <TableScroll minWidth={480}>
      <Table aria-label={words.proofsOfAddresses}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.address}</Table.Th>
            <Table.Th>{words.proved}</Table.Th>
            <Table.Th>{words.how}</Table.Th>
            <Table.Th>{words.reason}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {proofs.map((proof) => (
            <Table.Tr key={`${proof.address} ${proof.how} ${proof.by}`}>
              <Table.Td>
                <bdi>{proof.address}</bdi>
              </Table.Td>
              <Table.Td>
                <Time at={proof.at} />
              </Table.Td>
              <Table.Td>
                <bdi>{proofWords(proof)}</bdi>
              </Table.Td>
              <Table.Td>
                <bdi>{proof.reason ?? '–'}</bdi>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}
