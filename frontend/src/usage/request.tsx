import { Breadcrumbs, Skeleton, Stack, Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Receipt } from "../api/types";
import { Copyable } from "../ui/copyable";
import { Failure } from "../ui/failure";
import { count, dateTime, duration, exactUsd } from "../ui/format";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
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

function Charge({ receipt }: { receipt: Receipt }) {
  const { price } = receipt;
  const lines = [
    ["Prompt, not cached", receipt.prompt_tokens - receipt.cached_tokens, price.input],
    ["Prompt, cached", receipt.cached_tokens, price.cached_input],
    ["Output", receipt.completion_tokens, price.output],
  ] as const;
  return (
    <div className="scroll-x" role="group" aria-label="Receipt" tabIndex={0}>
      <Table horizontalSpacing="md" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Tokens</Table.Th>
            <Table.Th scope="col" className="number">
              Number
            </Table.Th>
            <Table.Th scope="col" className="number">
              Price per 1M
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {lines.map(([name, tokens, each]) => (
            <Table.Tr key={name}>
              <Table.Td>{name}</Table.Td>
              <Table.Td className="number">{count(tokens)}</Table.Td>
              <Table.Td className="number">{each === undefined ? "" : exactUsd(each)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
        <Table.Tfoot>
          <Table.Tr>
            <Table.Th scope="row">Charged</Table.Th>
            <Table.Td />
            <Table.Td className="number">
              <strong>{exactUsd(receipt.cost)}</strong>
            </Table.Td>
          </Table.Tr>
        </Table.Tfoot>
      </Table>
    </div>
  );
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
    ["Key", receipt.key ?? "none"],
    ["Endpoint", receipt.endpoint + (receipt.streamed ? ", streamed" : "")],
    ["Ended by", receipt.finish_reason || "not said"],
    ["First token after", receipt.ttft_ms === null ? "none came" : duration(receipt.ttft_ms)],
    ["In all", receipt.duration_ms === null ? "not known" : duration(receipt.duration_ms)],
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
