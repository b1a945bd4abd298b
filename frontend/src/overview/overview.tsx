import { IconBolt, IconRocket } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMay, useMe } from "../api/session";
import { balanceQuery } from "../billing/queries";
import { daysLeft, daysText } from "../billing/pace";
import { Daily } from "../charts/daily";
import { Empty } from "../ui/empty";
import { Failure } from "../ui/failure";
import { Figure, Figures } from "../ui/figure";
import { compact, count, duration, exactUsd, percent, usd } from "../ui/format";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
import { Rows } from "../ui/rows";
import { requestsQuery, statsQuery } from "../usage/queries";
import { startOf } from "../usage/range";
import { requestColumns } from "../usage/requestColumns";
import { ButtonLink } from "../ui/links";

const LIVE_MS = 5_000;
const midnight = () => new Date(new Date().setUTCHours(0, 0, 0, 0)).toISOString();
const monthStart = () => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)).toISOString();
};

export default function Overview() {
  const { account } = useMe();
  const mayBilling = useMay("billing");
  const day = useQuery(statsQuery(startOf("24h"), "hour", LIVE_MS));
  const today = useQuery(statsQuery(midnight(), "hour", LIVE_MS));
  const month = useQuery(statsQuery(monthStart(), "day", 60_000));
  const week = useQuery({ ...statsQuery(startOf("7d"), "day"), enabled: mayBilling });
  const balance = useQuery({ ...balanceQuery, enabled: mayBilling });
  const last = useQuery(requestsQuery({}, 10, LIVE_MS));
  const error = day.error ?? today.error ?? month.error;
  const now = day.data?.total;
  const begin = (
    <ButtonLink to="/start" leftSection={<IconRocket size={16} />} variant="light">
      First call
    </ButtonLink>
  );

  return (
    <Page
      title="Overview"
      about={`${account.name}, the last 24 hours. Times are in UTC.`}
      actions={begin}
    >
      {error && <Failure error={error} />}
      <Figures>
        <Figure
          label="Spent today"
          value={today.data && usd(today.data.total.cost)}
          title={today.data && exactUsd(today.data.total.cost)}
        />
        <Figure
          label="Spent this month"
          value={month.data && usd(month.data.total.cost)}
          title={month.data && exactUsd(month.data.total.cost)}
        />
        {mayBilling && (
          <Figure
            label="Credit"
            value={balance.data && usd(balance.data.available)}
            title={balance.data && exactUsd(balance.data.available)}
            note={
              balance.data &&
              week.data &&
              daysText(daysLeft(balance.data.available, week.data.total.cost, 7))
            }
          />
        )}
        <Figure
          label="Requests"
          value={now && count(now.requests)}
          note={now && `${percent(now.errors, now.requests)} failed`}
        />
        <Figure
          label="Tokens"
          value={now && compact(now.prompt_tokens + now.completion_tokens)}
          note={now && `${compact(now.completion_tokens)} of them output`}
        />
        <Figure
          label="First token"
          value={now && (now.ttft_p50_ms === null ? "none yet" : duration(now.ttft_p50_ms))}
          title="The median"
          note={
            now && now.ttft_p95_ms !== null ? `95 % within ${duration(now.ttft_p95_ms)}` : undefined
          }
        />
      </Figures>
      <Daily rows={day.data?.data} />
      <Panel title="Last requests" flush>
        <Rows
          label="Last requests"
          columns={requestColumns}
          rows={last.data?.data}
          id={({ request_id }) => request_id}
          error={last.error}
          retry={() => void last.refetch()}
          empty={
            <Empty icon={IconBolt} title="No request yet" action={begin}>
              A key and three lines of code are all that the first one needs.
            </Empty>
          }
        />
      </Panel>
    </Page>
  );
}
