import { Anchor, Box, Group, Text, Title } from "@mantine/core";
import { useEffect, type ReactNode } from "react";
import { Mark } from "../shell/mark";
import classes from "./frame.module.css";

interface FrameProps {
  title: string;
  about?: ReactNode;
  children: ReactNode;
  foot?: ReactNode;
}

/** The page around each form of whoever is not signed in. */
export function Frame({ title, about, children, foot }: FrameProps) {
  useEffect(() => {
    document.title = `${title} · Motet`;
  }, [title]);
  return (
    <main className={classes.ground}>
      <Box className={classes.card}>
        <Group gap="xs" mb="xl">
          <Mark />
          <Text fw={600}>Motet</Text>
        </Group>
        <Title order={1}>{title}</Title>
        {about !== undefined && (
          <Text c="dimmed" size="sm" mt={4} component="div">
            {about}
          </Text>
        )}
        <Box mt="lg">{children}</Box>
        {foot !== undefined && (
          <Text size="sm" mt="lg" c="dimmed" component="div">
            {foot}
          </Text>
        )}
      </Box>
      <Text size="xs" c="dimmed" mt="lg">
        <Anchor href="/docs" inherit>
          API reference
        </Anchor>
      </Text>
    </main>
  );
}
