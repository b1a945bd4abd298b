import { Breadcrumbs, Skeleton, Stack, Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Receipt } from "../api/types";
import { Copyable } from "../ui/copyable";
import { Failure } from "../ui/failure";
import { dateTime, duration, exactUsd } from "../ui/format";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
import { Charge } from "./charge";
import { receiptQuery } from "./queries";
import { Status } from "./requestColumns";
import { TextLink } from "../ui/links";

export default function RequestPage() {
  const { id } = useParams({ from: "/inside/requests/$id" });
  const { data: receipt, error } = useQuery(receiptQuery(id));
  return (
    <Stack gap="sm">
      <Breadcrumbs>
        <TextLink to="/usage" size="sm">
          Usage
        </TextLink>
      </Breadcrumbs>
      <Page title="Request" about={<Copyable value={id} label="Copy the request's id" />}>
        {error && <Failure error={error} />}
        {!receipt && !error && <Skeleton height={320} />}
        {receipt && (
          <>
            <Panel title="Receipt" flush>
              <Charge receipt={receipt} />
            </Panel>
            <Panel title="What happened" flush>
              <Happened receipt={receipt} />
            </Panel>
          </>
        )}
      </Page>
    </Stack>
  );
}

function firstToken({ streamed, ttft_ms }: Receipt) {
  if (ttft_ms !== null) return duration(ttft_ms);
  return streamed ? "none came" : "not streamed";
}

function Happened({ receipt }: { receipt: Receipt }) {
  const facts: [string, ReactNode][] = [
    ["Status", <Status key="status" of={receipt.status} />],
    ["Model", receipt.model],
    ["Base", receipt.base_model],
    ["Version", receipt.version ?? "base, no adapter"],
    [
      "Digest",
      receipt.digest ? (
        <Copyable key="digest" value={receipt.digest} short={16} label="Copy the digest" />
      ) : (
        "none"
      ),
    ],
    ["Key", receipt.key === null ? "none" : `${receipt.key_name ?? ""} (${receipt.key}…)`],
    ["Endpoint", receipt.endpoint + (receipt.streamed ? ", streamed" : "")],
    ["Ended by", receipt.finish_reason || "not said"],
    ["First token after", firstToken(receipt)],
    ["In all", receipt.duration_ms === null ? "not known" : duration(receipt.duration_ms)],
    ["Held at most", receipt.hold === null ? "nothing" : exactUsd(receipt.hold.amount)],
    ["Settled", dateTime(receipt.created_at)],
    ...(receipt.fault ? ([["Fault, not charged", receipt.fault]] as [string, ReactNode][]) : []),
  ];
  return (
    <Table horizontalSpacing="md" verticalSpacing="xs" layout="fixed">
      <Table.Tbody>
        {facts.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" w="38%" fw={400} c="dimmed">
              {name}
            </Table.Th>
            <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
