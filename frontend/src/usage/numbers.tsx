import { Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { UsageRow } from "../api/types";
import { Amount } from "../ui/amount";
import { count } from "../ui/format";
import { TextLink } from "../ui/links";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { GROUPS, type By } from "./search";

/** What stands for the requests that belong to none of the group. */
export const nothing = (by: By): string =>
  by === "version" || by === "adapter" ? "base alone" : "none";

interface NumbersProps {
  by: By;
  rows: UsageRow[] | undefined;
  query: UseQueryResult;
}

/** The chart's sums as a table; a row's name narrows the page down to it. */
export function Numbers({ by, rows, query }: NumbersProps) {
  const columns: Column<UsageRow>[] = [
    { name: GROUPS[by], show: (row) => <Name by={by} name={row[by]} /> },
    { name: "Requests", number: true, show: (row) => count(row.requests) },
    { name: "Prompt", number: true, show: (row) => count(row.prompt_tokens) },
    { name: "Cached", number: true, show: (row) => count(row.cached_tokens) },
    { name: "Output", number: true, show: (row) => count(row.completion_tokens) },
    { name: "Cost", number: true, show: (row) => <Amount of={row.cost} exact /> },
  ];
  return (
    <Panel title="In numbers" flush>
      <Rows
        label={`Usage by ${GROUPS[by].toLowerCase()}`}
        columns={columns}
        rows={rows}
        id={(row) => row[by] ?? ""}
        error={query.error}
        retry={() => void query.refetch()}
        empty={null}
      />
    </Panel>
  );
}

function Name({ by, name }: { by: By; name: string | undefined }) {
  if (!name)
    return (
      <Text span c="dimmed" inherit>
        {nothing(by)}
      </Text>
    );
  // A key's prefix is no address of it: keys are chosen by name above.
  if (by === "key") return name;
  return (
    <TextLink
      to="/usage"
      search={(past: object) => ({ ...past, [by]: name })}
      size="sm"
      title={`Only ${name}`}
    >
      {name}
    </TextLink>
  );
}
