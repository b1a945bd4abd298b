import { Group, Select } from "@mantine/core";
import { IconList } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMay } from "../api/session";
import { useServed } from "../chat/served";
import { keysQuery } from "../keys/queries";
import { Empty } from "../ui/empty";
import { More } from "../ui/more";
import { Panel } from "../ui/panel";
import { Rows } from "../ui/rows";
import { requestPagesQuery } from "./queries";
import { requestColumns } from "./requestColumns";

interface RequestsProps {
  search: { model?: string; key?: string; status?: string };
  start: string;
  onChange: (change: { model?: string; key?: string; status?: string }) => void;
}

/** Single requests, narrowed down by what is in the address. */
export function Requests({ search, start, onChange }: RequestsProps) {
  const mayKeys = useMay("keys");
  const served = useServed();
  const keys = useQuery({ ...keysQuery, enabled: mayKeys });
  const requests = useInfiniteQuery(
    requestPagesQuery({
      start,
      model: search.model,
      key: search.key === undefined ? undefined : Number(search.key),
      status: search.status,
    }),
  );
  return (
    <Panel
      title="Requests"
      flush
      actions={
        <Group gap="xs">
          <Select
            aria-label="Model"
            placeholder="Every model"
            data={[
              ...new Set([
                ...(served.data?.map(({ id }) => id) ?? []),
                ...(search.model ? [search.model] : []),
              ]),
            ]}
            value={search.model ?? null}
            onChange={(model) => onChange({ model: model ?? undefined })}
            clearable
            searchable
            size="xs"
            w={160}
          />
          {mayKeys && (
            <Select
              aria-label="Key"
              placeholder="Every key"
              data={
                keys.data?.data.map(({ id, name }) => ({ value: String(id), label: name })) ?? []
              }
              value={search.key ?? null}
              onChange={(key) => onChange({ key: key ?? undefined })}
              clearable
              size="xs"
              w={140}
            />
          )}
          <Select
            aria-label="Outcome"
            placeholder="Every outcome"
            data={[
              { value: "ok", label: "Fine" },
              { value: "error", label: "Failed" },
            ]}
            value={search.status ?? null}
            onChange={(status) => onChange({ status: status ?? undefined })}
            clearable
            size="xs"
            w={140}
          />
        </Group>
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
