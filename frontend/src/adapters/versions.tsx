import { ActionIcon, Badge, Group, Text } from "@mantine/core";
import { IconStack2, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "../api/session";
import type { Adapter, Version } from "../api/types";
import { Amount } from "../ui/amount";
import { Confirm } from "../ui/confirm";
import { Copyable } from "../ui/copyable";
import { Empty } from "../ui/empty";
import { bytes, compact, count } from "../ui/format";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { Time } from "../ui/time";
import { usageQuery } from "../usage/queries";
import { startOf } from "../usage/range";
import { useDeleteVersion } from "./queries";
import { State } from "./state";

interface VersionsProps {
  adapter: Adapter;
  versions: Version[];
  may: boolean;
}

export function Versions({ adapter, versions, may }: VersionsProps) {
  const [doomed, setDoomed] = useState<Version | null>(null);
  const remove = useDeleteVersion(adapter.name, () => setDoomed(null));
  const aliases = (version: Version) =>
    adapter.aliases.filter(({ targets }) =>
      targets.some((target) => target.version === version.version),
    );
  const mayUsage = useMay("usage");
  const used = useQuery({ ...usageQuery(startOf("30d"), "version"), enabled: mayUsage });
  const figures = (version: Version) =>
    used.data?.data.find((row) => row.version === `${adapter.model}@${version.version}`);
  const usedColumns: Column<Version>[] = [
    {
      name: "Requests",
      number: true,
      show: (version) => used.data && count(figures(version)?.requests ?? 0),
    },
    {
      name: "Output",
      number: true,
      show: (version) => used.data && `${compact(figures(version)?.completion_tokens ?? 0)} tokens`,
    },
    {
      name: "Cost",
      number: true,
      show: (version) => used.data && <Amount of={figures(version)?.cost ?? "0"} />,
    },
  ];
  const columns: Column<Version>[] = [
    {
      name: "Version",
      show: (version) => (
        <Group gap="xs" wrap="nowrap">
          <Text size="sm" fw={500}>
            @{version.version}
          </Text>
          {aliases(version).map(({ alias }) => (
            <Badge key={alias} size="sm" variant="light">
              {alias}
            </Badge>
          ))}
        </Group>
      ),
    },
    { name: "State", show: ({ state }) => <State of={state} /> },
    {
      name: "Digest",
      show: ({ digest }) =>
        digest ? <Copyable value={digest} short={8} label="Copy the digest" /> : "",
    },
    { name: "Rank", number: true, show: ({ rank }) => rank ?? "" },
    { name: "Size", number: true, show: ({ size }) => (size === null ? "" : bytes(size)) },
    { name: "Uploaded", number: true, show: ({ created_at }) => <Time at={created_at} /> },
    ...(mayUsage ? usedColumns : []),
    ...(may
      ? [
          {
            name: "Delete",
            hidden: true,
            number: true,
            show: (version: Version) => (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Delete version ${version.version}`}
                onClick={() => setDoomed(version)}
              >
                <IconTrash size={16} />
              </ActionIcon>
            ),
          },
        ]
      : []),
  ];
  return (
    <Panel
      title="Versions"
      flush
      actions={
        mayUsage && (
          <Text size="xs" c="dimmed">
            Requests, output and cost of the last 30 days
          </Text>
        )
      }
    >
      <Rows
        label="Versions"
        columns={columns}
        rows={versions}
        id={({ version }) => version}
        empty={
          <Empty icon={IconStack2} title="No version yet">
            Upload the two files of a trained adapter to make the first.
          </Empty>
        }
      />
      <Confirm
        opened={doomed !== null}
        title={`Delete ${doomed?.model ?? ""}?`}
        action="Delete"
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => doomed && remove.mutate(doomed.version)}
        onClose={() => {
          remove.reset();
          setDoomed(null);
        }}
      >
        A version is immutable: its number and digest are not used again.
      </Confirm>
    </Panel>
  );
}
