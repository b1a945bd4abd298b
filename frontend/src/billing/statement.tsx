import { Group, NativeSelect, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconReportMoney } from "@tabler/icons-react";
import { useState } from "react";
import { saveCsv } from "../api/csv";
import type { components } from "../api/schema";
import { Amount } from "../ui/amount";
import { Csv } from "../ui/csv";
import { Empty } from "../ui/empty";
import { sum } from "../ui/exact";
import { Figure, Figures } from "../ui/figure";
import { count, exactUsd, usd } from "../ui/format";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { lastMonths, monthText } from "./months";
import { statementQuery } from "./queries";

type Charge = components["schemas"]["ChargeOut"];

const CHARGES: Column<Charge>[] = [
  { name: "Model", show: ({ model }) => model },
  { name: "Requests", number: true, show: ({ requests }) => count(requests) },
  { name: "Prompt", number: true, show: ({ prompt_tokens }) => count(prompt_tokens) },
  { name: "Cached", number: true, show: ({ cached_tokens }) => count(cached_tokens) },
  { name: "Output", number: true, show: ({ completion_tokens }) => count(completion_tokens) },
  { name: "Cost", number: true, show: ({ cost }) => <Amount of={cost} exact /> },
];

/** A month from its opening to its closing: what came in, and what each model cost. */
export function Statement() {
  const months = lastMonths(new Date(), 12);
  const [month, setMonth] = useState(months[0]);
  const statement = useQuery(statementQuery(month));
  const { data } = statement;
  const came = data && sum(data.movements.map(({ amount }) => amount));
  return (
    <Panel title="Statement" flush>
      <Stack p="md" gap="md">
        <Group justify="space-between" align="end">
          <NativeSelect
            label="Month"
            description="From its first day to its last, in UTC"
            value={month}
            data={months.map((value) => ({ value, label: monthText(value) }))}
            onChange={({ currentTarget: { value } }) => setMonth(value)}
          />
          <Csv save={() => saveCsv("/v1/billing/statement", { month }, `statement-${month}`)} />
        </Group>
        <Figures>
          {[
            { label: "Opening", amount: data?.opening },
            { label: "Came in, less what left", amount: came },
            { label: "Charged", amount: data?.charged },
            { label: data?.final === false ? "Closing, so far" : "Closing", amount: data?.closing },
          ].map(({ label, amount }) => (
            <Figure
              key={label}
              label={label}
              value={amount === undefined ? undefined : usd(amount)}
              title={amount === undefined ? undefined : exactUsd(amount)}
            />
          ))}
        </Figures>
        <Text size="sm" c="dimmed">
          The file has every day and model, and amounts that add up to the closing to the last
          digit.
        </Text>
      </Stack>
      <Rows
        label="Charges of the month"
        columns={CHARGES}
        rows={data?.charges}
        id={({ model }) => model}
        error={statement.error}
        retry={() => void statement.refetch()}
        empty={
          <Empty icon={IconReportMoney} title="Nothing was charged">
            No model answered in this month.
          </Empty>
        }
      />
    </Panel>
  );
}
