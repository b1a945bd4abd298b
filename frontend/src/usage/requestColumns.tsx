import { Badge } from "@mantine/core";
import type { RequestRow } from "../api/types";
import { Amount } from "../ui/amount";
import { count, duration } from "../ui/format";
import type { Column } from "../ui/rows";
import { Time } from "../ui/time";
import { TextLink } from "../ui/links";

export const requestColumns: Column<RequestRow>[] = [
  {
    name: "When",
    show: ({ request_id, created_at }) => (
      <TextLink to="/requests/$id" params={{ id: request_id }} size="sm" title={request_id}>
        <Time at={created_at} />
      </TextLink>
    ),
  },
  { name: "Model", show: ({ model }) => model },
  { name: "Status", show: ({ status }) => <Status of={status} /> },
  { name: "Key", show: ({ key, key_name }) => <KeyName name={key_name} prefix={key} /> },
  {
    name: "Tokens in, out",
    number: true,
    show: (row) => `${count(row.prompt_tokens)}, ${count(row.completion_tokens)}`,
  },
  {
    name: "First token",
    number: true,
    show: ({ ttft_ms }) => (ttft_ms === null ? "" : duration(ttft_ms)),
  },
  {
    name: "In all",
    number: true,
    show: ({ duration_ms }) => (duration_ms === null ? "" : duration(duration_ms)),
  },
  { name: "Cost", number: true, show: ({ cost }) => <Amount of={cost} /> },
];

/** Keys are known by their names; two may have the same one. */
function KeyName({ name, prefix }: { name?: string | null; prefix?: string | null }) {
  return <span title={prefix ?? undefined}>{name ?? ""}</span>;
}

export function Status({ of: status }: { of: number }) {
  const color = status < 400 ? "teal" : status === 499 ? "gray" : "red";
  return (
    <Badge variant="dot" color={color}>
      {status === 499 ? "left" : status}
    </Badge>
  );
}
