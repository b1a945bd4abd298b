import { Anchor, Badge } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { IconCreditCard } from "@tabler/icons-react";
import type { components } from "../api/schema";
import { Amount } from "../ui/amount";
import { Empty } from "../ui/empty";
import { More } from "../ui/more";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { Time } from "../ui/time";
import { paymentsQuery, settingsQuery } from "./queries";

type Payment = components["schemas"]["PaymentOut"];

const COLOURS: Record<string, string> = { paid: "teal", failed: "red" };
const KINDS: Record<string, string> = { checkout: "by hand", auto: "automatic" };

/** A receipt once it is paid, the way to pay while it is open. */
function Way({ payment }: { payment: Payment }) {
  if (payment.state === "paid" && payment.receipt_url)
    return (
      <Anchor href={payment.receipt_url} size="sm">
        Receipt
      </Anchor>
    );
  if (payment.state === "open" && payment.url)
    return (
      <Anchor href={payment.url} size="sm">
        Go on
      </Anchor>
    );
  return <>{payment.error}</>;
}

const COLUMNS: Column<Payment>[] = [
  { name: "When", show: ({ created_at }) => <Time at={created_at} /> },
  {
    name: "State",
    show: ({ state }) => (
      <Badge variant="dot" color={COLOURS[state] ?? "gray"}>
        {state}
      </Badge>
    ),
  },
  { name: "Kind", show: ({ kind }) => KINDS[kind] ?? kind },
  { name: "Paper", hidden: true, show: (payment) => <Way payment={payment} /> },
  { name: "Credit", number: true, show: ({ amount }) => <Amount of={amount} exact /> },
];

/** The account's top-ups; nothing where payments are off. */
export function Payments() {
  const settings = useQuery(settingsQuery);
  const on = settings.data !== undefined && settings.data.stripe !== "off";
  const payments = useInfiniteQuery({ ...paymentsQuery, enabled: on });
  if (!on) return null;
  return (
    <Panel title="Top-ups" flush>
      <Rows
        label="Top-ups"
        columns={COLUMNS}
        rows={payments.data}
        id={({ id }) => id}
        error={payments.error}
        retry={() => void payments.refetch()}
        empty={
          <Empty icon={IconCreditCard} title="No top-up yet">
            What is paid by card is listed here with its receipt.
          </Empty>
        }
      />
      <More of={payments} />
    </Panel>
  );
}
