import type { Receipt } from "../api/types";
import { Amount } from "../ui/amount";
import { charged } from "../ui/exact";
import { count, exactUsd } from "../ui/format";
import { Rows, type Column } from "../ui/rows";

interface Line {
  name: string;
  tokens: number | null;
  price: string | null;
  cost: string;
}

const COLUMNS: Column<Line>[] = [
  {
    name: "Tokens",
    show: ({ name, tokens }) => (tokens === null ? <strong>{name}</strong> : name),
  },
  { name: "Number", number: true, show: ({ tokens }) => tokens !== null && count(tokens) },
  { name: "Price, 1M", number: true, show: ({ price }) => price !== null && exactUsd(price) },
  {
    name: "Cost",
    number: true,
    show: ({ cost, tokens }) =>
      tokens === null ? (
        <strong>
          <Amount of={cost} exact />
        </strong>
      ) : (
        <Amount of={cost} exact />
      ),
  },
];

/** A receipt's arithmetic: tokens times price, line by line, and what was charged. */
export function Charge({ receipt }: { receipt: Receipt }) {
  return (
    <Rows
      label="Receipt"
      columns={COLUMNS}
      rows={linesOf(receipt)}
      id={({ name }) => name}
      empty={null}
    />
  );
}

function linesOf({ price, cost, ...receipt }: Receipt): Line[] {
  const { prompt_tokens: prompt, cached_tokens: cached, completion_tokens: output } = receipt;
  const line = (name: string, tokens: number, each: string): Line => ({
    name,
    tokens,
    price: each,
    cost: charged(each, tokens),
  });
  return [
    line("Prompt, not cached", prompt - cached, price.input),
    line("Prompt, cached", cached, price.cached_input),
    line("Output", output, price.output),
    { name: "Charged", tokens: null, price: null, cost },
  ];
}
