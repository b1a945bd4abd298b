import { Select } from "@mantine/core";
import { IconList } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Empty } from "../ui/empty";
import { More } from "../ui/more";
import { Panel } from "../ui/panel";
import { Rows } from "../ui/rows";
import type { FiltersProps } from "./filters";
import { requestPagesQuery } from "./queries";
import { requestColumns } from "./requestColumns";
import { filterOf } from "./search";

const OUTCOMES = [
  { value: "ok", label: "Fine" },
  { value: "error", label: "Failed" },
];

/** Single requests, narrowed down by what is in the address. */
export function Requests({ search, start, onChange }: FiltersProps & { start: string }) {
  const requests = useInfiniteQuery(
    requestPagesQuery({ start, status: search.status, ...filterOf(search) }),
  );
  return (
    <Panel
      title="Requests"
      flush
      actions={
        <Select
          aria-label="Outcome"
          placeholder="Every outcome"
          data={OUTCOMES}
          value={search.status ?? null}
          onChange={(status) => onChange({ status: status ?? undefined })}
          clearable
          size="xs"
          w={140}
        />
      }
    >
      <Rows
        label="Requests"
        columns={requestColumns}
        rows={requests.data}
        id={({ request_id }) => request_id}
        error={requests.error}
        retry={() => void requests.refetch()}
        empty={
          <Empty icon={IconList} title="No such request">
            None in this time has what the filters ask for.
          </Empty>
        }
      />
      <More of={requests} />
    </Panel>
  );
}
