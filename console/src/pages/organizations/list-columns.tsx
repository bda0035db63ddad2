import { Avatar, Menu, Tooltip } from '@mantine/core';
import {
  IconArchive,
  IconChartBar,
  IconCopyPlus,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconTemplate,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import { calmStatus, type Organization } from '../../api/organizations.ts';
import { type Permission, type Verdict, verdictOf } from '../../api/session.tsx';
import { CopyIcon } from '../../components/CopyText.tsx';
import { Sparkline } from '../../components/charts/Sparkline.tsx';
import { WhyNot } from '../../components/dialogs/WhyNot.tsx';
import { BudgetCell } from '../../components/limits/BudgetRing.tsx';
import { LimitCell } from '../../components/limits/LimitGauges.tsx';
import { StandingBadge } from '../../components/limits/StandingBadge.tsx';
import cells from '../../components/list/cells.module.css';
import type { ListColumn } from '../../components/list/column.ts';
import { RowMenu } from '../../components/list/RowMenu.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { Money } from '../../numbers/Money.tsx';
import { countText } from '../../numbers/numbers.ts';
import type { Lifecycle } from './dialog/LifecycleDialog.tsx';
import { words } from './words.ts';

interface RowActions {
  readonly open: (row: Organization, search?: Record<string, string>) => void;
  readonly edit: (row: Organization) => void;
  readonly change: (row: Organization, to: Lifecycle) => void;
  /** Creates another organization with the settings of this one. */
  readonly like: (row: Organization) => void;
  readonly makeTemplate: (row: Organization) => void;
}

/** Below this width, names need the room of two counts, which are also on the organization's page. */
const WIDE = '(min-width: 84em)';

/** Returns the columns of the organization list. Each accessor is the server's name of the order. */
export function columnsOf(actions: RowActions): ListColumn<Organization>[] {
  return [
    {
      accessor: 'name',
      title: words.organization,
      sortable: true,
      // The name takes what the others leave.
      width: 'rest',
      phone: 'title',
      render: (row) => <Identity row={row} />,
    },
    {
      accessor: 'budget_used',
      title: words.budget,
      sortable: true,
      width: 204,
      phone: { fact: 1 },
      render: (row) => <BudgetCell status={row.limits_status} of={row} />,
    },
    {
      accessor: 'rate_limits',
      title: words.rateLimits,
      width: 228,
      render: (row) => <LimitCell status={row.limits_status} of={row} />,
    },
    {
      accessor: 'spend',
      title: words.spend30Days,
      sortable: true,
      width: 126,
      phone: { fact: 2 },
      render: (row) => <Spend row={row} />,
    },
    {
      accessor: 'members',
      title: words.members,
      sortable: true,
      textAlign: 'right',
      width: 94,
      render: (row) => countOrNothing(row.member_count),
    },
    {
      accessor: 'teams',
      title: words.teams,
      sortable: true,
      textAlign: 'right',
      width: 74,
      visibleMediaQuery: WIDE,
      render: (row) => countOrNothing(row.team_count),
    },
    {
      accessor: 'keys',
      title: words.keys,
      sortable: true,
      textAlign: 'right',
      width: 68,
      visibleMediaQuery: WIDE,
      render: (row) => countOrNothing(row.key_count),
    },
    {
      accessor: 'actions',
      title: '',
      textAlign: 'right',
      width: 46,
      phone: 'menu',
      render: (row) => <Actions row={row} {...actions} />,
    },
  ];
}

/** Formats a count. A count that the person may not read is a dash. */
function countOrNothing(count: number | null): string {
  return count === null ? '–' : countText(count);
}

function Identity({ row }: { row: Organization }) {
  const owners = row.owners?.map((owner) => owner.name);
  return (
    <div className={cells.side} style={{ gap: 12 }}>
      <Avatar size={30} radius="sm" name={row.name} color="teal" aria-hidden alt="" />
      <div style={{ minWidth: 0 }}>
        <div className={cells.side}>
          <PageLink
            at={links.organization(row.id)}
            data-truncate
            className={`mantine-Anchor-root ${cells.name}`}
            style={{ fontWeight: 600 }}
            title={row.name}
            onClick={(event) => event.stopPropagation()}
          >
            <bdi>{row.name}</bdi>
          </PageLink>
          <span style={{ flexShrink: 0, lineHeight: 1 }}>
            <StandingBadge lifecycle={row.status} live={row.limits_status} calm={calmStatus(row, row.limits_status)} />
          </span>
        </div>
        <div className={cells.side} style={{ gap: 4, height: 17 }}>
          <span data-truncate className={`${cells.small} ${cells.cut}`} title={owners?.join(', ')}>
            {owners !== undefined && `${ownersText(owners)} · `}
            <span className="mono">{row.slug}</span>
          </span>
          <CopyIcon text={row.id} label={words.theOrganizationsId} />
        </div>
      </div>
    </div>
  );
}

/** Names the first owner and the number of the others. All names are on hover. */
function ownersText([first, ...others]: readonly string[]): string {
  if (first === undefined) return words.noOwner;
  return others.length === 0 ? first : `${first} +${others.length}`;
}

function Spend({ row }: { row: Organization }) {
  const { standing } = row;
  if (standing === null) return '–';
  const values = standing.daily_spend.map(Number);
  return (
    <div>
      <Sparkline values={values} width={90} height={18} label={words.spentIn30Days(standing.spend_30d)} />
      <div style={{ fontSize: 'var(--mantine-font-size-xs)', lineHeight: 1.5 }}>
        <Money usd={standing.spend_30d} />
      </div>
    </div>
  );
}

function Actions({ row, open, edit, change, like, makeTemplate }: RowActions & { row: Organization }) {
  const may = (permission: Permission) => verdictOf(permission, row);
  const isActive = row.status === 'active';
  return (
    <RowMenu label={words.actionsFor(row.name)} width={190}>
      {() => (
        <>
          <Item icon={IconPencil} label={words.edit} verdict={may('organization.profile')} onClick={() => edit(row)} />
          <Item
            icon={IconChartBar}
            label={words.viewUsage}
            verdict={may('usage.read')}
            onClick={() => open(row, { tab: 'usage' })}
          />
          <Item
            icon={IconCopyPlus}
            label={words.makeOneLikeThis}
            verdict={may('organizations.create')}
            onClick={() => like(row)}
          />
          <Item
            icon={IconTemplate}
            label={words.saveAsTemplate}
            verdict={may('organizations.create')}
            onClick={() => makeTemplate(row)}
          />
          <Menu.Divider />
          <Item
            icon={isActive ? IconPlayerPause : IconPlayerPlay}
            label={isActive ? words.suspend : words.reactivate}
            verdict={may('organizations.lifecycle')}
            onClick={() => change(row, isActive ? 'suspend' : 'reactivate')}
          />
          {row.status !== 'archived' && (
            <Item
              icon={IconArchive}
              label={words.archive}
              verdict={may('organizations.lifecycle')}
              onClick={() => change(row, 'archive')}
            />
          )}
        </>
      )}
    </RowMenu>
  );
}

interface ItemProps {
  readonly icon: ComponentType<{ size: number }>;
  readonly label: string;
  readonly verdict: Verdict;
  readonly onClick: () => void;
}

function Item({ icon: Icon, label, verdict, onClick }: ItemProps) {
  const item = (
    <Menu.Item leftSection={<Icon size={15} />} disabled={!verdict.allowed} onClick={onClick}>
      {label}
    </Menu.Item>
  );
  if (verdict.allowed) return item;
  return (
    <Tooltip label={<WhyNot verdict={verdict} inherit />} multiline maw={320} position="left">
      <div>{item}</div>
    </Tooltip>
  );
}
