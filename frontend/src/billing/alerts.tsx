import { Group, Skeleton, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { components } from "../api/schema";
import { Copyable } from "../ui/copyable";
import { Failure } from "../ui/failure";
import { Panel } from "../ui/panel";
import { Submit } from "../ui/submit";
import { useServerValues } from "../ui/useServerValues";
import { alertsQuery, useAlerts } from "./queries";

type AlertSettings = components["schemas"]["AlertsOut"];

/** Who is told that a cap has reached 80 % or 100 %. */
export function Alerts() {
  const alerts = useQuery(alertsQuery);
  const { data } = alerts;
  return (
    <Panel title="Alerts">
      {alerts.error && <Failure error={alerts.error} retry={() => void alerts.refetch()} />}
      {alerts.isPending && <Skeleton height={160} />}
      {data && <Fields settings={data} />}
    </Panel>
  );
}

const valuesOf = ({ email, webhook_url }: AlertSettings) => ({ email, webhook: webhook_url ?? "" });

function Fields({ settings }: { settings: AlertSettings }) {
  const change = useAlerts();
  const [form, adopt] = useServerValues(valuesOf(settings));
  const save = form.onSubmit(({ email, webhook }) =>
    change.mutate(
      { email, webhook_url: webhook || null },
      { onSuccess: (saved) => adopt(valuesOf(saved)) },
    ),
  );
  return (
    <form onSubmit={save}>
      <Stack>
        <Text size="sm" c="dimmed">
          Sent when a cap of the account or of a key has reached 80 % and 100 %.
        </Text>
        {change.error && <Failure error={change.error} />}
        <Switch
          label="By mail to owners and admins"
          {...form.getInputProps("email", { type: "checkbox" })}
        />
        <TextInput
          label="By webhook"
          description="An https:// address; calls are signed as Standard Webhooks says"
          type="url"
          maxLength={500}
          {...form.getInputProps("webhook")}
        />
        {settings.webhook_secret !== null && (
          <Group gap="xs">
            <Text size="sm">Signing secret</Text>
            <Copyable value={settings.webhook_secret} label="Copy the signing secret" short={12} />
          </Group>
        )}
        <Group justify="flex-end">
          <Submit unchanged={!form.isDirty()} busy={change.isPending}>
            Save the alerts
          </Submit>
        </Group>
      </Stack>
    </form>
  );
}
