import { Badge, SimpleGrid } from "@mantine/core";
import { IconCoins, IconReceipt } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import type { components } from "../api/schema";
import { Amount } from "../ui/amount";
import { Empty } from "../ui/empty";
import { Failure } from "../ui/failure";
import { Figure, Figures } from "../ui/figure";
import { date, exactUsd, usd } from "../ui/format";
import { More } from "../ui/more";
import { Page } from "../ui/page";
import { TextLink } from "../ui/links";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { Time } from "../ui/time";
import { statsQuery } from "../usage/queries";
import { startOf } from "../usage/range";
import { Alerts } from "./alerts";
import { Arrival } from "./arrival";
import { AtStripe } from "./atStripe";
import { AutoTopUp } from "./autoTopUp";
import { daysLeft, daysText } from "./pace";
import { Payments } from "./payments";
import { balanceQuery, ledgerQuery } from "./queries";
import { SpendCap } from "./spendCap";
import { Statement } from "./statement";
import { TopUp } from "./topUp";

type Lot = components["schemas"]["LotOut"];
type Line = components["schemas"]["LineOut"];

const LOTS: Column<Lot>[] = [
  {
    name: "Kind",
    show: ({ kind }) => (
      <Badge variant="dot" color={kind === "promo" ? "grape" : "teal"}>
        {kind === "promo" ? "promotional" : kind}
      </Badge>
    ),
  },
  { name: "Expires", show: ({ expires_at }) => (expires_at === null ? "never" : date(expires_at)) },
  { name: "Granted", number: true, show: ({ amount }) => <Amount of={amount} exact /> },
  { name: "Left", number: true, show: ({ remaining }) => <Amount of={remaining} exact /> },
];
const WORDS: Record<string, string> = {
  capture: "request",
  grant: "credit",
  expiry: "expired",
  refund: "refunded",
  dispute: "disputed",
};
const HELD = /^hold:(req_[0-9a-f]+)/;

/** What a line belongs to: a request leads to its receipt. */
function Reference({ line: { reference, memo } }: { line: Line }) {
  const request = HELD.exec(reference)?.[1];
  if (request === undefined) return <>{memo || reference}</>;
  return (
    <TextLink to="/requests/$id" params={{ id: request }} size="sm" ff="monospace">
      {request.slice(0, 18)}…
    </TextLink>
  );
}

const LINES: Column<Line>[] = [
  { name: "When", show: ({ created_at }) => <Time at={created_at} /> },
  { name: "What", show: ({ kind }) => WORDS[kind] ?? kind },
  { name: "Reference", show: (line) => <Reference line={line} /> },
  { name: "Amount", number: true, show: ({ amount }) => <Amount of={amount} exact /> },
];

export default function Billing() {
  const { payment } = useSearch({ strict: false });
  const balance = useQuery(balanceQuery);
  const ledger = useInfiniteQuery(ledgerQuery);
  const week = useQuery(statsQuery(startOf("7d"), "day"));
  const { data } = balance;
  return (
    <Page
      title="Billing"
      about="Every amount is exact: a charge is prices times tokens, never rounded."
    >
      {payment !== undefined && <Arrival id={payment} />}
      {balance.error && <Failure error={balance.error} retry={() => void balance.refetch()} />}
      <Figures>
        <Figure
          label="Available"
          value={data && usd(data.available)}
          title={data && exactUsd(data.available)}
          note={data && week.data && daysText(daysLeft(data.available, week.data.total.cost, 7))}
        />
        <Figure
          label="Held for running requests"
          value={data && usd(data.reserved)}
          title={data && exactUsd(data.reserved)}
        />
        <Figure
          label="Spent in 7 days"
          value={week.data && usd(week.data.total.cost)}
          title={week.data && exactUsd(week.data.total.cost)}
        />
      </Figures>
      <TopUp />
      <Panel title="Credit, in the order in which it pays" flush>
        <Rows
          label="Credit"
          columns={LOTS}
          rows={data?.lots}
          id={({ id }) => id}
          error={balance.error}
          empty={
            <Empty icon={IconCoins} title="No credit">
              Every call is refused until there is some.
            </Empty>
          }
        />
      </Panel>
      <AutoTopUp />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <SpendCap />
        <Alerts />
      </SimpleGrid>
      <Payments />
      <AtStripe />
      <Statement />
      <Panel title="Ledger" flush>
        <Rows
          label="Ledger"
          columns={LINES}
          rows={ledger.data}
          id={({ id }) => id}
          error={ledger.error}
          retry={() => void ledger.refetch()}
          empty={
            <Empty icon={IconReceipt} title="Nothing has moved yet">
              Grants, charges and what expires are listed here.
            </Empty>
          }
        />
        <More of={ledger} />
      </Panel>
    </Page>
  );
}
