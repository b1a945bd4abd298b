import { Progress, Stack, Text } from "@mantine/core";
import { dateTime, exactUsd, usd } from "../ui/format";
import { WITHIN, type Cap } from "./cap";

/** How much of a cap is gone, in words and as a bar. */
export function Spent({ cap }: { cap: Cap }) {
  const limit = Number(cap.limit);
  const used = Number(cap.spent) + Number(cap.reserved);
  const share = limit === 0 ? 100 : Math.min(100, (100 * used) / limit);
  const colour = share >= 100 ? "red" : share >= 80 ? "yellow" : "teal";
  const words = `${usd(cap.spent)} of ${usd(cap.limit)} ${WITHIN[cap.period]}`;
  const title = [
    `${exactUsd(cap.spent)} spent, ${exactUsd(cap.reserved)} held, ${exactUsd(cap.remaining)} left`,
    ...(cap.resets_at === null ? [] : [`starts anew ${dateTime(cap.resets_at)}`]),
  ].join("; ");
  return (
    <Stack gap={4} title={title} miw={150}>
      <Text size="sm" style={{ whiteSpace: "nowrap" }}>
        {words}
      </Text>
      <Progress value={share} color={colour} size="sm" aria-label={words} />
    </Stack>
  );
}
