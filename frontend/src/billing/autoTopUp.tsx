import {
  Alert,
  Group,
  NumberInput,
  SimpleGrid,
  Skeleton,
  Stack,
  Switch,
  Text,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { components } from "../api/schema";
import { Failure } from "../ui/failure";
import { usd } from "../ui/format";
import { Panel } from "../ui/panel";
import { Submit } from "../ui/submit";
import { useServerValues } from "../ui/useServerValues";
import { autoTopUpQuery, settingsQuery, useAutoTopUp } from "./queries";

type Rule = components["schemas"]["AutoTopupOut"];
const MONEY = {
  prefix: "$",
  decimalScale: 2,
  fixedDecimalScale: true,
  hideControls: true,
  allowNegative: false,
  required: true,
  withAsterisk: false,
} as const;
const FIELDS = [
  { name: "threshold", label: "When less is left than" },
  { name: "amount", label: "Top up by" },
  { name: "monthly_cap", label: "At most in a month" },
] as const;

/** Buying credit by itself from the saved card; nothing where payments are off. */
export function AutoTopUp() {
  const settings = useQuery(settingsQuery);
  const on = settings.data !== undefined && settings.data.stripe !== "off";
  const rule = useQuery({ ...autoTopUpQuery, enabled: on });
  if (!on) return null;
  return (
    <Panel title="Automatic top-up">
      {rule.error && <Failure error={rule.error} retry={() => void rule.refetch()} />}
      {rule.isPending && <Skeleton height={120} />}
      {rule.data && <Fields rule={rule.data} />}
    </Panel>
  );
}

const valuesOf = (rule: Rule) => ({
  enabled: rule.enabled,
  threshold: Number(rule.threshold) as number | string,
  amount: Number(rule.amount) as number | string,
  monthly_cap: Number(rule.monthly_cap) as number | string,
});

function Fields({ rule }: { rule: Rule }) {
  const change = useAutoTopUp();
  const [form, adopt] = useServerValues(valuesOf(rule));
  const save = form.onSubmit(({ enabled, ...amounts }) => {
    const cents = (name: keyof typeof amounts) => Number(amounts[name]).toFixed(2);
    const wanted = {
      enabled,
      threshold: cents("threshold"),
      amount: cents("amount"),
      monthly_cap: cents("monthly_cap"),
    };
    change.mutate(wanted, { onSuccess: (saved) => adopt(valuesOf(saved)) });
  });
  return (
    <form onSubmit={save}>
      <Stack>
        {rule.stopped !== "" && <Stopped why={rule.stopped} />}
        {change.error && <Failure error={change.error} />}
        <Switch
          label="Top up by itself from the saved card"
          {...form.getInputProps("enabled", { type: "checkbox" })}
        />
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          {FIELDS.map(({ name, label }) => (
            <NumberInput key={name} label={label} {...MONEY} {...form.getInputProps(name)} />
          ))}
        </SimpleGrid>
        <Group justify="space-between">
          <Text size="sm" c="dimmed">
            {usd(rule.spent_this_month)} of {usd(rule.monthly_cap)} topped up this month.
          </Text>
          <Submit unchanged={!form.isDirty()} busy={change.isPending}>
            Save the rule
          </Submit>
        </Group>
      </Stack>
    </form>
  );
}

function Stopped({ why }: { why: string }) {
  return (
    <Alert color="red" variant="light" role="alert">
      <Text size="sm">
        {why === "authentication_required"
          ? "Turned off: the bank wants you to confirm. Top up once by hand, then turn it on again."
          : `Turned off after three declined payments (${why}). Check the card, then turn it on again.`}
      </Text>
    </Alert>
  );
}
