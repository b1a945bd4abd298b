import { Badge, Box, Button, Group } from "@mantine/core";
import { IconScale } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Amount } from "../ui/amount";
import { Empty } from "../ui/empty";
import { Failure } from "../ui/failure";
import { More } from "../ui/more";
import { Panel } from "../ui/panel";
import { Rows, type Column } from "../ui/rows";
import { said } from "../ui/said";
import { Time } from "../ui/time";
import { adjustmentsQuery, useDecision, type Adjustment, type Verdict } from "./queries";

const COLOURS = { waiting: "yellow", posted: "teal", refused: "gray" } as const;
const WORDS: Record<Verdict, string> = { approve: "Approve", refuse: "Refuse" };

/** Credit given and taken by hand, and what of it waits for a second one of the staff. */
export function Adjustments() {
  const adjustments = useInfiniteQuery(adjustmentsQuery);
  const decide = useDecision(({ account, state }) => said(`The credit of ${account} is ${state}.`));
  const columns: Column<Adjustment>[] = [
    { name: "When", show: ({ created_at }) => <Time at={created_at} /> },
    { name: "Account", show: ({ account }) => account },
    { name: "Reason", show: ({ reason }) => reason },
    { name: "Asked by", show: ({ asked_by }) => asked_by },
    { name: "Decided by", show: ({ decided_by }) => decided_by ?? "" },
    {
      name: "State",
      show: ({ state }) => (
        <Badge variant="dot" color={COLOURS[state]}>
          {state}
        </Badge>
      ),
    },
    { name: "Amount", number: true, show: ({ amount }) => <Amount of={amount} exact /> },
    {
      name: "Decide",
      hidden: true,
      number: true,
      show: (adjustment) =>
        adjustment.state === "waiting" && (
          <Decide
            of={adjustment}
            busy={decide.isPending}
            onDecide={(verdict) => decide.mutate({ id: adjustment.id, verdict })}
          />
        ),
    },
  ];
  return (
    <Panel title="Credit by hand" flush>
      {decide.error && (
        <Box p="md">
          <Failure error={decide.error} />
        </Box>
      )}
      <Rows
        label="Credit by hand"
        columns={columns}
        rows={adjustments.data}
        id={({ id }) => id}
        error={adjustments.error}
        retry={() => void adjustments.refetch()}
        empty={<Empty icon={IconScale} title="No credit was given or taken by hand" />}
      />
      <More of={adjustments} />
    </Panel>
  );
}

interface DecideProps {
  of: Adjustment;
  busy: boolean;
  onDecide: (verdict: Verdict) => void;
}

function Decide({ of: { account, amount }, busy, onDecide }: DecideProps) {
  return (
    <Group gap="xs" wrap="nowrap" justify="flex-end">
      {(Object.keys(WORDS) as Verdict[]).map((verdict) => (
        <Button
          key={verdict}
          size="compact-xs"
          variant="default"
          disabled={busy}
          aria-label={`${WORDS[verdict]} ${amount} USD for ${account}`}
          onClick={() => onDecide(verdict)}
        >
          {WORDS[verdict]}
        </Button>
      ))}
    </Group>
  );
}
