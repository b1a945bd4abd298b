import { Badge, Group, Text } from "@mantine/core";
import type { Turn } from "../chat/turn";
import { running } from "../chat/turn";
import { Failure } from "../ui/failure";
import { Measures } from "./measures";
import classes from "./voice.module.css";

interface VoiceProps {
  model: string;
  base: string | null;
  turns: Turn[];
}

/** One model's side of the conversation. */
export function Voice({ model, base, turns }: VoiceProps) {
  return (
    <section className={classes.voice} aria-label={model}>
      <Group className={classes.head} gap="xs" wrap="nowrap" justify="space-between">
        <Text fw={600} size="sm" className="clip" title={model}>
          {model}
        </Text>
        <Badge variant="default" size="sm" style={{ flexShrink: 0 }}>
          {base === null ? "base" : "adapter"}
        </Badge>
      </Group>
      <div className={classes.turns}>
        {turns.length === 0 && (
          <Text size="sm" c="dimmed">
            {base === null ? "The base, as it is." : `On ${base}, in the same batch.`}
          </Text>
        )}
        {turns.map((turn) => (
          <article key={turn.startedAt} className={classes.turn}>
            <p className={classes.prompt}>{turn.prompt}</p>
            <div
              className={classes.text}
              aria-live="polite"
              aria-busy={running(turn)}
              data-state={turn.state}
            >
              {turn.text}
              {running(turn) && <span className={classes.caret} aria-hidden />}
            </div>
            {turn.state === "failed" && <Failure error={turn.error} />}
            <Measures turn={turn} />
          </article>
        ))}
      </div>
    </section>
  );
}
