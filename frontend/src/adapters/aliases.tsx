import { ActionIcon, Badge, Box, Button, Group } from "@mantine/core";
import { IconPencil, IconTag, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import type { Adapter } from "../api/types";
import { Copyable } from "../ui/copyable";
import { Empty } from "../ui/empty";
import { Failure } from "../ui/failure";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { Time } from "../ui/time";
import { AliasForm } from "./aliasForm";
import { useDeleteAlias, type Alias } from "./queries";
import { shares } from "./shares";

/** The names that lead to versions: each can be pointed elsewhere while requests go on. */
export function Aliases({ adapter, may }: { adapter: Adapter; may: boolean }) {
  const [chosen, setChosen] = useState<Alias | "new" | null>(null);
  const remove = useDeleteAlias(adapter.name);
  const columns: Column<Alias>[] = [
    {
      name: "Model",
      show: ({ alias, model }) => (
        <Group gap="xs">
          <Copyable value={model} label={`Copy the name of ${alias}`} />
          {alias === "default" && (
            <Badge size="sm" variant="light">
              {adapter.model}
            </Badge>
          )}
        </Group>
      ),
    },
    {
      name: "Leads to",
      show: ({ targets, follows_newest }) =>
        follows_newest ? `${shares(targets)}, the newest` : shares(targets),
    },
    { name: "Changed", number: true, show: ({ updated_at }) => <Time at={updated_at} /> },
    ...(may ? [acts(setChosen, ({ alias }) => remove.mutate(alias))] : []),
  ];
  return (
    <Panel
      title="Aliases"
      flush
      actions={
        may && (
          <Button size="xs" variant="default" onClick={() => setChosen("new")}>
            New alias
          </Button>
        )
      }
    >
      {remove.error && (
        <Box p="md">
          <Failure error={remove.error} />
        </Box>
      )}
      <Rows
        label="Aliases"
        columns={columns}
        rows={adapter.aliases}
        id={({ alias }) => alias}
        empty={
          <Empty icon={IconTag} title="No alias yet">
            The first version that is ready gets the alias “default”.
          </Empty>
        }
      />
      {chosen !== null && (
        <AliasForm
          adapter={adapter}
          alias={chosen === "new" ? null : chosen}
          onClose={() => setChosen(null)}
        />
      )}
    </Panel>
  );
}

function acts(onPoint: (alias: Alias) => void, onDelete: (alias: Alias) => void): Column<Alias> {
  return {
    name: "Change",
    hidden: true,
    number: true,
    show: (alias) => (
      <Group gap={2} wrap="nowrap" justify="flex-end">
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={`Point ${alias.alias} elsewhere`}
          onClick={() => onPoint(alias)}
        >
          <IconPencil size={16} />
        </ActionIcon>
        {/* `default` that follows the newest version is not there to be deleted. */}
        {!alias.follows_newest && (
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={
              alias.alias === "default"
                ? "Let default follow the newest version"
                : `Delete ${alias.alias}`
            }
            onClick={() => onDelete(alias)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        )}
      </Group>
    ),
  };
}
