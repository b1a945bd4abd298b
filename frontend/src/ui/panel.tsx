import { Box, Group, Title } from "@mantine/core";
import { useId, type ReactNode } from "react";
import classes from "./panel.module.css";

interface PanelProps {
  title?: string;
  actions?: ReactNode;
  flush?: boolean;
  children: ReactNode;
}

/** A part of a page, with a heading of its own. `flush`: its content reaches the edges. */
export function Panel({ title, actions, flush = false, children }: PanelProps) {
  const id = useId();
  return (
    <section className={classes.panel} aria-labelledby={title === undefined ? undefined : id}>
      {title !== undefined && (
        <Group className={classes.head} justify="space-between" gap="xs">
          <Title order={2} id={id}>
            {title}
          </Title>
          {actions}
        </Group>
      )}
      <Box className={flush ? undefined : classes.body}>{children}</Box>
    </section>
  );
}
