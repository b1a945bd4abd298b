import { IconCoins } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Amount } from "../ui/amount";
import { Empty } from "../ui/empty";
import { compact, count, percent } from "../ui/format";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { startOf } from "../usage/range";
import { spendQuery, type SpendRow } from "./queries";

const COLUMNS: Column<SpendRow>[] = [
  { name: "Account", show: ({ account }) => account },
  { name: "Requests", number: true, show: ({ requests }) => count(requests) },
  { name: "Failed", number: true, show: ({ errors, requests }) => percent(errors, requests) },
  { name: "Prompt", number: true, show: ({ prompt_tokens }) => compact(prompt_tokens) },
  { name: "Output", number: true, show: ({ completion_tokens }) => compact(completion_tokens) },
  { name: "Cost", number: true, show: ({ cost }) => <Amount of={cost} /> },
];

/** Who spends the most. */
export function Spend() {
  const spend = useQuery(spendQuery(startOf("30d")));
  return (
    <Panel title="Biggest spenders in 30 days" flush>
      <Rows
        label="Biggest spenders"
        columns={COLUMNS}
        rows={spend.data?.data}
        id={({ account_id }) => account_id}
        error={spend.error}
        retry={() => void spend.refetch()}
        empty={<Empty icon={IconCoins} title="Nobody has spent anything" />}
      />
    </Panel>
  );
}
