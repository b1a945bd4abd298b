import { Alert, Button, Group, NumberInput, Skeleton, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { IconCoins, IconFlask } from "@tabler/icons-react";
import type { components } from "../api/schema";
import { Failure } from "../ui/failure";
import { usd } from "../ui/format";
import { Panel } from "../ui/panel";
import { settingsQuery, useCheckout, usePortal } from "./queries";

type Settings = components["schemas"]["SettingsOut"];

/** Buying credit; where payments are off, one sentence that says so. */
export function TopUp() {
  const settings = useQuery(settingsQuery);
  if (settings.error)
    return <Failure error={settings.error} retry={() => void settings.refetch()} />;
  if (!settings.data) return <Skeleton height={96} />;
  return settings.data.stripe === "off" ? <CreditsOnly /> : <Form settings={settings.data} />;
}

function CreditsOnly() {
  return (
    <Alert color="gray" variant="light" icon={<IconCoins size={18} aria-hidden />}>
      <Text size="sm">
        This installation runs on credits alone: payments are off. When the credit ends, calls are
        refused with 402; ask the operator for more.
      </Text>
    </Alert>
  );
}

function Form({ settings }: { settings: Settings }) {
  const checkout = useCheckout();
  const portal = usePortal();
  const form = useForm({ initialValues: { amount: 25 as number | string } });
  return (
    <Panel title="Add credit">
      <form onSubmit={form.onSubmit(({ amount }) => checkout.mutate(Number(amount).toFixed(2)))}>
        <Stack>
          {settings.stripe === "sandbox" && <SandboxNote />}
          {settings.disputed && (
            <Alert color="red" variant="light">
              <Text size="sm">
                A payment of this account is disputed: its credit is set aside until that is
                settled, and nothing is topped up by itself.
              </Text>
            </Alert>
          )}
          {(checkout.error ?? portal.error) && <Failure error={checkout.error ?? portal.error} />}
          <Group align="end">
            <NumberInput
              label="Amount"
              description={`${usd(settings.min_amount)} to ${usd(settings.max_amount)}${settings.tax ? ", and tax" : ""}`}
              prefix="$"
              decimalScale={2}
              fixedDecimalScale
              hideControls
              min={Number(settings.min_amount)}
              max={Number(settings.max_amount)}
              required
              withAsterisk={false}
              {...form.getInputProps("amount")}
            />
            <Button type="submit" loading={checkout.isPending || checkout.isSuccess}>
              Pay by card
            </Button>
            <Button
              variant="default"
              onClick={() => portal.mutate()}
              loading={portal.isPending || portal.isSuccess}
            >
              Cards and invoices
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

function SandboxNote() {
  return (
    <Alert color="yellow" variant="light" icon={<IconFlask size={18} aria-hidden />}>
      <Text size="sm">
        Sandbox: no money moves. The page that follows offers cards that work and cards that do not.
      </Text>
    </Alert>
  );
}
