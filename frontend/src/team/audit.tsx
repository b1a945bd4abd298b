import { Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { components } from "../api/schema";
import { Empty } from "../ui/empty";
import { More } from "../ui/more";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { Time } from "../ui/time";
import { changed } from "./changed";
import { auditQuery } from "./queries";

type Entry = components["schemas"]["AuditEntryOut"];

const COLUMNS: Column<Entry>[] = [
  { name: "Who", show: ({ actor }) => actor },
  { name: "Did", show: ({ action }) => action },
  { name: "To", show: ({ target }) => target },
  {
    name: "Change",
    show: ({ before, after }) => {
      const words = changed(before, after);
      return (
        <Text size="sm" maw={280} className="clip" title={words}>
          {words}
        </Text>
      );
    },
  },
  { name: "When", number: true, show: ({ created_at }) => <Time at={created_at} /> },
];

export function Audit() {
  const audit = useInfiniteQuery(auditQuery);
  return (
    <Panel title="Audit log" flush>
      <Rows
        label="Audit log"
        columns={COLUMNS}
        rows={audit.data}
        id={({ id }) => id}
        error={audit.error}
        retry={() => void audit.refetch()}
        empty={
          <Empty icon={IconHistory} title="Nothing was changed yet">
            Every change to the account is written here together with the change itself.
          </Empty>
        }
      />
      <More of={audit} />
    </Panel>
  );
}
