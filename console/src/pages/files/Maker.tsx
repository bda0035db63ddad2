import cells from '../../components/list/cells.module.css';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';

interface MakerProps {
  readonly of: {
    readonly key_id: string;
    readonly key_name: string | null;
    readonly team_id: string;
    readonly team_name: string | null;
  };
}

/** The key that made a file or a batch, and its team. */
export function Maker({ of: { key_id, key_name, team_id, team_name } }: MakerProps) {
  return (
    <div className={cells.stack} style={{ maxWidth: 220 }}>
      <PageLink
        at={links.key(key_id)}
        data-truncate
        className={`mantine-Anchor-root ${cells.name}`}
        onClick={(event) => event.stopPropagation()}
      >
        <bdi>{key_name ?? key_id}</bdi>
      </PageLink>
      <PageLink
        at={links.team(team_id)}
        data-truncate
        className={`mantine-Anchor-root ${cells.small}`}
        onClick={(event) => event.stopPropagation()}
      >
        <bdi>{team_name ?? team_id}</bdi>
      </PageLink>
    </div>
  );
}
